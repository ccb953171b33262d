"""A table of results: mean, spread over seeds and over pictures, the paired difference, and the protocol below."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paperlens.figures import look


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a results table says of one method; all numbers in the table's unit."""

    mean: float
    seeds: tuple[float, ...]  # the mean over pictures, one a seed
    pictures: tuple[float, ...]  # the mean over seeds, one a picture
    difference: float | None  # mean of the paired differences to the row it is compared with
    differences: tuple[float, ...]  # one a picture

    @property
    def spread(self) -> str:
        """The smallest and the largest seed; nothing where one was run."""
        return f"{min(self.seeds):.2f} to {max(self.seeds):.2f}" if len(self.seeds) > 1 else "one run"


def table(
    series: Mapping[str, ArrayLike],
    *,
    value: str,
    protocol: str,
    against: str | None = None,
    pictures: Sequence[str] = (),
) -> dict[str, Row]:
    """Display and return one row a method.

    `series`: name -> values `seed picture` (one row: one run). `value`: what they are, with the unit. `against`: the
    method from which every other is subtracted, picture by picture. `pictures`: their names; each then has a column.
    ValueError where methods were scored on different numbers of pictures.
    """
    values = {name: np.atleast_2d(np.asarray(found, dtype=float)) for name, found in series.items()}
    counts = {found.shape[1] for found in values.values()}
    if len(counts) != 1:
        raise ValueError(f"expected one set of pictures for every method, found {sorted(counts)} pictures.")
    rows = {name: _row(found, values[against] if against else None) for name, found in values.items()}
    head = ["", value, "seeds", *pictures]
    if against:
        head.append(f"over {against}, paired")
    lines = []
    for name, row in rows.items():
        cells = [name, f"{row.mean:.2f}", row.spread]
        cells += [f"{found:.2f}" for found in row.pictures] if pictures else []
        if against:
            low, high = min(row.differences), max(row.differences)
            cells.append("" if name == against else f"{row.difference:+.2f} ({low:+.2f} to {high:+.2f})")
        lines.append(cells)
    look.publish(written(head, lines, protocol))
    return rows


def show_table(head: Sequence[str], lines: Sequence[Sequence[str]], protocol: str = "") -> None:
    """Display a table of words: one head, one line a row, the protocol below."""
    look.publish(written(head, lines, protocol))


def written(head: Sequence[str], lines: Sequence[Sequence[str]], protocol: str = "") -> dict[str, str]:
    """A table as HTML and as aligned text, the protocol as its foot."""
    cells = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{html.escape(cell)}</th>' if i == 0 else f"<td>{html.escape(cell)}</td>"
            for i, cell in enumerate(line)
        )
        + "</tr>"
        for line in lines
    )
    foot = f'<p class="pl-protocol">{html.escape(protocol)}</p>' if protocol else ""
    wide = [max(len(row[i]) for row in (head, *lines)) for i in range(len(head))]
    plain = [
        "  ".join(
            cell.ljust(wide[i]) if i == 0 else cell.rjust(wide[i]) for i, cell in enumerate(row)
        ).rstrip()
        for row in (head, *lines)
    ]
    return {
        "text/html": f'<table class="pl-results"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>{foot}',
        "text/plain": "\n".join([*plain, *([protocol] if protocol else [])]),
    }


def _row(found: np.ndarray, other: np.ndarray | None) -> Row:
    each = found.mean(0)
    differences = tuple((each - other.mean(0)).tolist()) if other is not None else ()
    return Row(
        mean=float(found.mean()),
        seeds=tuple(found.mean(1).tolist()),
        pictures=tuple(each.tolist()),
        difference=float(np.mean(differences)) if differences else None,
        differences=differences,
    )
