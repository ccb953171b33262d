"""Formulas of the finished pages: set as MathML once, by Temml, so that no page loads a script for them."""

import html
import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from paperlens.errors import UserError
from paperlens.site.pages.node import run_script
from paperlens.site.places import Places, write

# What Sphinx's own visitors write for a formula, its number included.
FORMULA = re.compile(
    r'<(?P<tag>span|div) class="math notranslate nohighlight"(?P<id>[^>]*)>'
    r'\s*(?P<number>(?:<span class="eqno">.*?</span>)?)\s*\\[(\[](?P<tex>[^<]*)\\[)\]]</(?P=tag)>',
    re.DOTALL,
)
# Cut to the letters that the formulas use; √ is drawn by `msqrt` alone.
SOURCE = "@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff"
FONT = "_static/vendor/fonts/math.woff"
# A single letter is set in italics by the browser, which takes it from these ranges of Unicode.
ITALICS = [chr(c) for c in (*range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C), 0x210E)]


def set_formulas(site: Path, places: Places) -> int:
    """Replace the TeX of every page under `site` by MathML and cut the font to the letters used; how many there are.

    Raises UserError with the page and the formula where Temml cannot read one.
    """
    pages = {page: page.read_text(encoding="utf-8") for page in sorted(site.rglob("*.html"))}
    wanted = sorted({key for text in pages.values() for key in map(_key, FORMULA.finditer(text))})
    done = dict(zip(wanted, _temml(wanted, places), strict=True))
    for page, text in pages.items():
        for key in map(_key, FORMULA.finditer(text)):
            if "error" in done[key]:
                where = page.relative_to(site).as_posix()
                raise UserError(f"{where}: the formula {key[0]!r} cannot be set: {done[key]['error']}")
        write(page, FORMULA.sub(lambda match: _element(match, done), text))
    if done:
        _font(
            places.npm / "node_modules" / SOURCE, site / FONT, "".join(one["mathml"] for one in done.values())
        )
    return len(done)


def _key(match: re.Match[str]) -> tuple[str, bool]:
    return html.unescape(match["tex"]), match["tag"] == "div"


def _element(match: re.Match[str], done: dict[tuple[str, bool], dict[str, str]]) -> str:
    tag, tex = match["tag"], html.escape(html.unescape(match["tex"]).strip(), quote=True)
    opened = f'<{tag} class="math"{match["id"]} data-tex="{tex}">{match["number"]}'
    return f"{opened}{done[_key(match)]['mathml']}</{tag}>"


def _temml(formulas: Iterable[tuple[str, bool]], places: Places) -> list[dict[str, str]]:
    """One process of Node for all of them."""
    asked = json.dumps([{"tex": tex, "display": display} for tex, display in formulas])
    temml = places.npm / "node_modules" / "temml" / "dist" / "temml.cjs"
    return list(json.loads(run_script(places, "formulas.cjs", temml, asked)))


def _font(source: Path, target: Path, mathml: str) -> None:
    """The part of the mathematical font that these formulas need, its table of sizes and stretches included."""
    from fontTools import subset  # type: ignore[import-untyped]

    said = set(html.unescape(re.sub(r"<[^>]*>", "", mathml)))
    letters = said | {"√"} | {c for c in ITALICS if unicodedata.normalize("NFKC", c) in said}
    options = subset.Options()
    options.flavor = "woff"
    options.layout_features = ["*"]
    font = subset.load_font(str(source), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[ord(c) for c in letters])
    cutter.subset(font)
    target.parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(target), options)
