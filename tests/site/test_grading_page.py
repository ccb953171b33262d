"""The page on grading speed says what the file of measurements holds, in words and in figures."""

import json
import re
from pathlib import Path

import pytest

from paperlens.data.files import path
from paperlens.site.pages import grading_page

PAGE = Path(__file__).parent.parent.parent / "book" / "grading_speed.md"


@pytest.fixture(scope="module")
def parts() -> dict[str, str]:
    return grading_page.parts()


def test_the_page_includes_every_part_once(parts: dict[str, str]) -> None:
    assert sorted(re.findall(r"generated/(\S+)", PAGE.read_text(encoding="utf-8"))) == sorted(parts)


def test_sentences_follow_the_file(parts: dict[str, str]) -> None:
    rows = json.loads(path("results/benchmarks/grading.json").read_text(encoding="utf-8"))["measurements"]
    theirs, ours = (sorted(row["seconds"]) for row in rows if row["part"] == "against")
    factor = theirs[len(theirs) // 2] / ours[len(ours) // 2]
    assert f"**{factor:.1f} times**" in parts["grading_against.md"]
    growth = [row for row in rows if row["part"] == "growth"]
    assert f"**{growth[-1]['seconds'][0] / 60:.1f} minutes**" in parts["grading_growth.md"]
    assert parts["grading_growth.md"].count("\n| ") == len(growth) + 2


def test_figures_speak_and_take_the_colour_of_the_page(parts: dict[str, str]) -> None:
    drawn = [text for text in parts.values() if "<svg" in text]
    assert len(drawn) == 3
    for text in drawn:
        assert re.search(r'<svg role="img" aria-label="[^"]{40,}"', text)
        assert "currentColor" in text and grading_page.INK not in text and "#000000" not in text
        assert "DejaVu" not in text and 'xlink:href="http' not in text
    assert drawn == [text for text in grading_page.parts().values() if "<svg" in text]  # the same every time


def test_a_factor_is_of_medians_and_shown_with_its_range() -> None:
    row = {"part": "against", "submissions": 12, "seconds": [4.0, 3.0, 6.0]}
    slow = {**row, "seconds": [30.0, 60.0, 40.0]}
    text = grading_page.against([slow, row])
    assert "**10.0 times**" in text and "3.00 (2.00 to 4.00)" in text
