"""Levers and dividers: the page's form of what `paperlens.figures` displays."""

import base64
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from paperlens.errors import UserError
from paperlens.figures import levers, sliders
from paperlens.site.chapters import interactive
from paperlens.site.pages.lighten import lighten


def picture(form: str, size: tuple[int, int] = (60, 40), *, noise: bool = False) -> str:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    image = Image.fromarray(pixels) if noise else Image.new("RGB", size, "teal")
    file = BytesIO()
    image.save(file, form)
    return base64.b64encode(file.getvalue()).decode()


def lever(count: int, **form) -> dict:
    states = [
        {"value": f"{n} px", "image": picture("PNG", **form), "text": f"state <{n}>"} for n in range(count)
    ]
    return {"label": "shift", "states": states, "table": [["shift", "shows"], ["0 px", "a & b"]]}


def test_the_names_of_the_forms_are_the_figures_own() -> None:
    assert (interactive.LEVER, interactive.COMPARE) == (levers.MIME, sliders.MIME)


def test_a_lever_shows_its_first_state_and_the_table_without_a_script() -> None:
    html = interactive.html({interactive.LEVER: lever(3), "text/plain": "shift"})
    assert html is not None
    assert html.count('class="pl-state"') == 3 and html.count(" hidden>") == 2
    assert 'max="2"' in html and 'aria-valuetext="0 px"' in html
    assert "state &lt;1&gt;" in html and "<td>a &amp; b</td>" in html, "text stays text"
    assert "<function" not in html


def test_a_lever_has_at_most_24_states_and_300_kb() -> None:
    with pytest.raises(UserError, match="has 25 states"):
        interactive.lever(lever(25))
    with pytest.raises(UserError, match="300000"):
        interactive.lever(lever(3, size=(900, 700), noise=True))


def test_other_outputs_are_left_alone() -> None:
    assert interactive.html({"text/plain": "5"}) is None


def test_pictures_inside_a_page_become_files(tmp_path) -> None:
    said = {"before": picture("JPEG"), "after": picture("JPEG", (60, 40), noise=True), "labels": ["a", "b"]}
    (tmp_path / "chapters").mkdir()
    page = tmp_path / "chapters" / "x.html"
    page.write_text(interactive.compare(said | {"alt": "words", "width": 60, "height": 40}), "utf-8")
    lighten(tmp_path)
    names = re.findall(r'src="\.\./(_images/[0-9a-f]{16}\.jpeg)"', page.read_text("utf-8"))
    assert len(names) == 2
    assert all(Image.open(tmp_path / name).size == (60, 40) for name in names)
