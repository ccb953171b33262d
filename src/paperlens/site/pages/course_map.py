"""The picture of the course: every chapter, who builds on whom, and where the reader stands; generated as SVG."""

from html import escape

from paperlens.site.chapters.curriculum import Row, rows
from paperlens.site.chapters.source import Chapter

WIDTH, HEIGHT = 92, 38  # of a box
ACROSS, DOWN, MARGIN = 106, 66, 6


def course_map(chapters: list[Chapter], *, here: str = "", up: str = "") -> str:
    """The map as one line of HTML. `here`: the chapter's short name; `up`: the way from the page to the site's root."""
    table = rows()
    written = {chapter.name.partition("_")[2]: chapter for chapter in chapters}
    places = _places(table)
    before = _ancestors(table, here)
    columns = max(x for x, _ in places.values()) + 1
    lines = max(y for _, y in places.values()) + 1
    width, height = (
        columns * ACROSS - (ACROSS - WIDTH) + 2 * MARGIN,
        lines * DOWN - (DOWN - HEIGHT) + 2 * MARGIN,
    )
    said = f"Map of the course: {len(table)} chapters in {lines} rows, an arrow from each to those that build on it."
    if here:
        own = next(row for row in table if row.chapter == here)
        needs = ", ".join(row.short for row in table if row.chapter in own.builds_on) or "nothing"
        said += f" You are at {own.short}, which builds on {needs}."
    parts = [
        f'<div class="pl-map"><svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="group" '
        f'aria-label="{escape(said)}">'
    ]
    for row in table:
        for earlier in row.builds_on:
            on = row.chapter == here or (row.chapter in before and earlier in before)
            parts.append(_arrow(places[earlier], places[row.chapter], on=on))
    for row in table:
        state = "pl-here" if row.chapter == here else "pl-before" if row.chapter in before else ""
        parts.append(_box(row, places[row.chapter], written.get(row.chapter), state, up))
    return "".join([*parts, "</svg></div>"])


def _places(table: list[Row]) -> dict[str, tuple[int, int]]:
    """Chapter -> column and row: a part is a row."""
    seen: dict[str, int] = {}
    names = list(dict.fromkeys(row.part for row in table))
    places = {}
    for row in table:
        column = seen.get(row.part, 0)
        seen[row.part] = column + 1
        places[row.chapter] = (column, names.index(row.part))
    return places


def _ancestors(table: list[Row], here: str) -> set[str]:
    """All that the chapter rests on."""
    needs = {row.chapter: row.builds_on for row in table}
    found: set[str] = set()
    waiting = list(needs.get(here, ()))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs[name]
    return found


def _arrow(start: tuple[int, int], end: tuple[int, int], *, on: bool) -> str:
    (x0, y0), (x1, y1) = ((MARGIN + x * ACROSS, MARGIN + y * DOWN) for x, y in (start, end))
    kind = ' class="pl-on"' if on else ""
    if y0 == y1:  # along the row: to the neighbour straight, further in an arc below
        if x1 - x0 == ACROSS:
            return f'<path{kind} d="M{x0 + WIDTH} {y0 + HEIGHT / 2:g}H{x1}"/>'
        return f'<path{kind} d="M{x0 + WIDTH / 2:g} {y0 + HEIGHT}q{(x1 - x0) / 2:g} 24 {x1 - x0:g} 0"/>'
    a, b, bottom = x0 + WIDTH / 2, x1 + WIDTH / 2, y0 + HEIGHT
    middle = (bottom + y1) / 2
    return f'<path{kind} d="M{a:g} {bottom}C{a:g} {middle:g} {b:g} {middle:g} {b:g} {y1}"/>'


def _box(row: Row, place: tuple[int, int], chapter: Chapter | None, state: str, up: str) -> str:
    x, y = MARGIN + place[0] * ACROSS, MARGIN + place[1] * DOWN
    kind = " ".join(filter(None, ["pl-written" if chapter else "pl-planned", state]))
    title = chapter.title if chapter else f"{row.title} (planned)"
    box = (
        f'<g class="{kind}"><title>{row.number} {escape(title)}</title>'
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="7"/>'
        f'<text x="{x + WIDTH / 2:g}" y="{y + 15}">{row.number}</text>'
        f'<text x="{x + WIDTH / 2:g}" y="{y + 30}" class="pl-short">{escape(row.short)}</text></g>'
    )
    if chapter is None or state == "pl-here":
        return box
    return f'<a href="{up}chapters/{chapter.name}.html" aria-label="{row.number} {escape(title)}">{box}</a>'
