"""README's table of systems, generated between its markers from systems.csv, the catalogue and the chapters."""

from pathlib import Path

from paperlens.errors import UserError
from paperlens.site.chapters.curriculum import order, systems
from paperlens.site.chapters.source import Chapter
from paperlens.site.pages.facts import models
from paperlens.site.pages.tables import short

BEGIN, END = "<!-- systems: begin -->", "<!-- systems: end -->"


def table(chapters: list[Chapter]) -> str:
    """One row a chapter: its systems, bold where the model is in the package; a link where the chapter is written."""
    written = {short(chapter): chapter for chapter in chapters}
    built, rows = models(), systems()
    lines = ["| chapter | systems |", "|---|---|"]
    names = order()
    for number, name in enumerate(names):
        chapter = written.get(name)
        place = f"{number:02d} {name}"
        if chapter:
            place = f"[{place}](chapters/{chapter.name}/{chapter.name}.md)"
        here = [f"**{s.system}**" if s.id in built else s.system for s in rows if s.chapter == name]
        lines.append(f"| {place} | {', '.join(here) or '-'} |")
    done = sum(system.id in built for system in rows)
    lines += [
        "",
        f"Bold: {done} of {len(rows)} systems are in the package now; linked: the chapter is written.",
    ]
    return "\n".join(lines)


def refreshed(text: str, chapters: list[Chapter]) -> str:
    """README's text with the present table; UserError where a marker is missing."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise UserError(f"README.md needs the lines {BEGIN} and {END}, once each.")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{table(chapters)}\n{END}{rest.split(END)[1]}"


def write(readme: Path, chapters: list[Chapter]) -> bool:
    """Bring README.md up to date; True where something changed."""
    old = readme.read_text(encoding="utf-8")
    new = refreshed(old, chapters)
    if new != old:
        readme.write_text(new, encoding="utf-8")
    return new != old
