"""The architecture of a network as boxes and arrows, from a short list.

    figures.boxes(
        ["picture", "conv -> F0", "* group", "* group", "conv -> F_DF", "+", "= conv, shuffle", "picture"],
        skips={"long skip": (1, 5)},
    )

An entry is a box; "+" is a sum. "-> name" names what leaves the box, written below its arrow. A first "*" marks what
the chapter adds, a first "=" the reconstruction; no meaning rests on the colour alone, the frame is heavier as well.
The first and the last entry are data. A skip leads from behind entry i to the sum at entry j.

The drawing is SVG with the page's own colours, so that it is dark on a dark page; its alternative text follows from the
list.
"""

import html
from collections.abc import Mapping, Sequence

from paperlens.figures import look

HIGH, GAP, LETTER, LINE = 46, 30, 7.4, 15  # px: of a box, between boxes, of a letter, of a line
TEXT = "var(--pst-color-text-base, var(--jp-content-font-color1, #222))"
FILLS = {
    "data": "none",
    "plain": "rgb(0 114 178 / 20%)",
    "*": "rgb(213 94 0 / 24%)",
    "=": "rgb(0 158 115 / 22%)",
}


def boxes(row: Sequence[str], skips: Mapping[str, tuple[int, int]] | None = None) -> None:
    """Display the drawing. ValueError where a skip does not lead forwards to a "+" of the row."""
    look.publish(
        {"text/html": svg(row, skips or {}), "text/plain": described(row, skips or {})},
    )


def described(row: Sequence[str], skips: Mapping[str, tuple[int, int]]) -> str:
    """The drawing in words."""
    parts = [_parts(entry) for entry in row]
    told = ", ".join(
        ("sum" if text == "+" else text.replace("\n", " ")) + (f" giving {out}" if out else "")
        for _, text, out in parts
    )
    over = [
        f"{name} leads from behind {parts[i][1]} over what lies between to the sum after {parts[j - 1][1]}"
        for name, (i, j) in skips.items()
    ]
    return "; ".join([f"From left to right: {told}", *over]) + "."


def svg(row: Sequence[str], skips: Mapping[str, tuple[int, int]]) -> str:
    """The drawing as one inline SVG element."""
    for name, (i, j) in skips.items():
        if not 0 <= i < j < len(row) or row[j].strip() != "+":
            raise ValueError(f"skip {name!r} leads from {i} to {j}: expected a later entry that is '+'.")
    levels = _levels(skips)
    above = 16.0 + 26.0 * (max(levels.values(), default=-1) + 1)
    middle = above + HIGH / 2
    drawn, ends, x = list[str](), list[tuple[float, float]](), 4.0
    for number, entry in enumerate(row):
        kind, text, out = _parts(entry)
        if number in (0, len(row) - 1):
            kind = "data"
        lines = text.split("\n")
        wide = 24.0 if text == "+" else max(len(line) for line in lines) * LETTER + 18
        drawn.append(_circle(x + 12, middle) if text == "+" else _box(x, above, wide, kind, lines))
        ends.append((x, x + wide))
        gap = max(GAP, len(out) * LETTER + 8) if out else GAP
        if number < len(row) - 1:
            drawn.append(_line([(x + wide, middle), (x + wide + gap, middle)]))
        if out:
            drawn.append(_label(x + wide + gap / 2, middle + 18, out))
        x += wide + gap
    for name, (i, j) in skips.items():
        start, end = ends[i][1] + 9, ends[j][0] + 12
        height = above - 12 - 26 * levels[name]
        points = [(start, middle), (start, height), (end, height), (end, middle - 12)]
        drawn.append(_line(points, heavy=True))
        drawn.append(_label((start + end) / 2, height - 5, name))
    width, tall = ends[-1][1] + 4, above + HIGH + 8
    alt = html.escape(described(row, skips), quote=True)
    arrow = (
        '<defs><marker id="pl-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0 8 4 0 8z" style="fill:{TEXT}"/></marker></defs>'
    )
    return (
        f'<svg class="pl-boxes" role="img" aria-label="{alt}" viewBox="0 0 {width:.0f} {tall:.0f}" '
        f'style="max-width:{width:.0f}px;width:100%;height:auto" font-size="13" '
        f'font-family="system-ui, sans-serif">{arrow}{"".join(drawn)}</svg>'
    )


def _parts(entry: str) -> tuple[str, str, str]:
    """Kind, text and the name of what leaves."""
    text, _, out = (part.strip(" ") for part in entry.partition("->"))
    kind = text[0] if text[:1] in ("*", "=") else "plain"
    return kind, (text if kind == "plain" else text[1:].strip()), out


def _levels(skips: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Skip -> the height at which it runs: one above every skip that it spans."""
    levels: dict[str, int] = {}
    for name, (i, j) in sorted(skips.items(), key=lambda item: item[1][1] - item[1][0]):
        below = [levels[other] for other in levels if skips[other][0] < j and i < skips[other][1]]
        levels[name] = max(below, default=-1) + 1
    return levels


def _box(x: float, y: float, wide: float, kind: str, lines: Sequence[str]) -> str:
    heavy = 2.2 if kind == "*" else 1.1
    first = y + HIGH / 2 + 4.5 - LINE * (len(lines) - 1) / 2
    text = "".join(_label(x + wide / 2, first + LINE * i, line) for i, line in enumerate(lines))
    shape = f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{HIGH}" rx="5"'
    return f'{shape} style="fill:{FILLS[kind]};stroke:{TEXT};stroke-width:{heavy}"/>{text}'


def _circle(x: float, y: float) -> str:
    shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="12" style="fill:none;stroke:{TEXT};stroke-width:1.1"/>'
    return shape + _label(x, y + 5, "+")


def _line(points: Sequence[tuple[float, float]], *, heavy: bool = False) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    wide = 2 if heavy else 1.2
    style = f"fill:none;stroke:{TEXT};stroke-width:{wide}"
    return f'<polyline points="{path}" marker-end="url(#pl-arrow)" style="{style}"/>'


def _label(x: float, y: float, text: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" style="fill:{TEXT}">{html.escape(text)}</text>'
    )
