"""An architecture: every box, every skip, in the page's colours, and in words."""

import re
import xml.etree.ElementTree as ET

import pytest

from paperlens.figures import architecture, look

ROW = [
    "small\npicture",
    "conv -> F0",
    "* group",
    "* group",
    "conv -> F_DF",
    "+",
    "= shuffle",
    "+",
    "large <picture>",
]
SKIPS = {"long skip": (1, 5), "bicubic": (0, 7)}


def test_every_entry_and_every_skip_is_drawn_and_the_text_is_escaped():
    root = ET.fromstring(architecture.svg(ROW, SKIPS))
    kinds = [child.tag for child in root]
    assert kinds.count("rect") == 7 and kinds.count("circle") == 2
    assert kinds.count("polyline") == len(ROW) - 1 + len(SKIPS)
    texts = [child.text for child in root if child.tag == "text"]
    assert texts.count("group") == 2 and texts.count("+") == 2
    assert {"small", "picture", "F0", "F_DF", "long skip", "bicubic", "large <picture>"} <= set(texts)


def test_no_colour_is_fixed_for_lines_and_letters():
    text = architecture.svg(ROW, SKIPS)
    assert not re.search(r"(stroke|fill):#", text) and text.count("var(--pst-color-text-base") > 20


def test_skips_that_overlap_run_at_different_heights_and_inside_the_drawing():
    root = ET.fromstring(architecture.svg(ROW, SKIPS))
    wide, tall = map(float, root.get("viewBox").split()[2:])
    lines = [child.get("points") for child in root if child.tag == "polyline"][-2:]
    heights = {float(points.split()[1].split(",")[1]) for points in lines}
    assert len(heights) == 2 and all(0 < height < tall for height in heights)
    for child in root:
        if child.tag == "rect":
            assert float(child.get("x")) + float(child.get("width")) <= wide


def test_the_words_follow_from_the_list():
    assert architecture.described(["in", "conv -> F0", "* group", "+", "out"], {"long skip": (1, 3)}) == (
        "From left to right: in, conv giving F0, group, sum, out; long skip leads from behind conv over what lies "
        "between to the sum after group."
    )


@pytest.mark.parametrize("ends", [(1, 2), (5, 5), (5, 1), (0, 9)])
def test_a_skip_that_ends_nowhere_is_refused(ends):
    with pytest.raises(ValueError, match=rf"leads from {ends[0]} to {ends[1]}"):
        architecture.svg(ROW, {"skip": ends})


def test_what_is_displayed_is_small_enough_to_be_committed(monkeypatch):
    shown = []
    monkeypatch.setattr(look, "publish", shown.append)
    architecture.boxes(ROW, SKIPS)
    assert len(str(shown[0])) < 20_000 and shown[0]["text/plain"].startswith(
        "From left to right: small picture"
    )
