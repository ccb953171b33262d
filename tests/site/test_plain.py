from pathlib import Path

import pytest

from paperlens.errors import UserError
from paperlens.site.chapters.plain import plain
from paperlens.site.pages import facts

BIBLIOGRAPHY = Path(__file__).parent.parent.parent / "book" / "references.bib"


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("{term}`PSNR` and {term}`noise <noise level>`", "PSNR and noise"),
        ("{math}`a_i`, {cite:p}`wang2004ssim`", "$a_i$, Wang et al., 2004"),
        ("{cite:t}`wang2004ssim,keys1981cubic`", "Wang et al., 2004; Keys, 1981"),
        ("Wang et al., *Quality*, 2004 {cite}`wang2004ssim`.", "Wang et al., *Quality*, 2004."),
        ("(label)=\ntext", "text"),
        ("% a remark\ntext", "text"),
        ("```{math}\n:label: eq\na = b\n```", "$$\na = b\n$$"),
        ("```{note}\nLook.\n```", "> **Note**\n>\n> Look."),
        ("````{admonition} Cost\n```{tip}\nDeep.\n```\n````", "> **Cost**\n>\n> > **Tip**\n> >\n> > Deep."),
        ("```python\n{term}`kept`\n```", "```python\nkept\n```"),
        ("::::{dropdown} More\nThere.\n::::", "<details><summary>More</summary>\n\nThere.\n\n</details>"),
    ],
)
def test_myst_becomes_markdown(myst: str, markdown: str) -> None:
    assert plain(myst, BIBLIOGRAPHY) == markdown


def test_an_exercise_box_tells_its_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"tiny.double": {"difficulty": 1, "importance": 4, "minutes": 5, "summary": "Twice $x$."}}
    monkeypatch.setattr(facts, "exercises", lambda: known)
    shown = plain("```{exercise} tiny.double\nDouble it.\n```")
    assert shown.startswith("> **Exercise tiny.double · difficulty 1 of 5, importance 4 of 5, 5 minutes**")
    assert plain("```{exercise} tiny.double\n```").endswith("5 minutes**\n>\n> Twice $x$.")
    with pytest.raises(UserError, match=r"no exercise is called 'tiny.triple'; there are tiny\.double"):
        plain("```{exercise} tiny.triple\nTriple it.\n```")


@pytest.mark.parametrize(
    ("myst", "said"),
    [
        ("```{figure} a.png\n```", "cannot show the directive {figure}"),
        ("```{note}\nopen", "is never closed"),
        ("{cite:p}`nobody1900`", "no entry 'nobody1900'"),
    ],
)
def test_what_a_notebook_cannot_show_is_told(myst: str, said: str) -> None:
    with pytest.raises(UserError, match=said.replace("{", r"\{")):
        plain(myst, BIBLIOGRAPHY)
