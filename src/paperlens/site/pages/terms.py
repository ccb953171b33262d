"""A term shows its entry of the glossary where it stands, on hover and on focus, without a script."""

import re
from html import escape, unescape
from pathlib import Path

from paperlens.site.places import write

ENTRY = re.compile(r'<dt id="(?P<id>term-[^"]+)">.*?</dt>\s*<dd>(?P<said>.*?)</dd>', re.DOTALL)
LINK = re.compile(
    r'(<a class="reference internal" href="(?:\.\./)*glossary\.html#(term-[^"]+)")(?! data-said)'
)
TAG = re.compile(r"<[^>]+>")
LONGEST = 220  # characters; the whole entry is behind the link


def explain(site: Path) -> int:
    """Give every link to the glossary under `site` the words of its entry; how many links there are."""
    page = site / "glossary.html"
    if not page.is_file():
        return 0
    found = ENTRY.finditer(page.read_text(encoding="utf-8"))
    said = {match["id"]: _short(unescape(TAG.sub("", match["said"]))) for match in found}
    count = 0

    def with_words(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        words = said.get(match[2], "")
        return f'{match[1]} data-said="{escape(words)}"' if words else match[1]

    for other in sorted(site.rglob("*.html")):
        if other != page and "_static" not in other.relative_to(site).parts:
            write(other, LINK.sub(with_words, other.read_text(encoding="utf-8")))
    return count


def _short(text: str) -> str:
    """Whole words of the entry, within the length."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rpartition(' ')[0]} ..."
