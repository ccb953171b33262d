"""The tables of data/physics: relaxation times, noise and iron, with their sources.

`physics.contrast` turns these values into signals; `relaxation_table()` shows them with the studies they come
from.
"""

import csv
from dataclasses import dataclass
from functools import cache
from typing import Any

from paperlens.data.files import path
from paperlens.errors import UserError

TISSUES = ("csf", "gray", "white")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tissue:
    """PD as a fraction of free water, T1 and T2 in ms."""

    pd: float
    t1: float
    t2: float


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of data/physics/NAME.csv as they are written."""
    with path(f"physics/{name}.csv").open(newline="", encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


def fields() -> tuple[float, ...]:
    """The field strengths (T) that the table holds."""
    return tuple(sorted({float(row["field_t"]) for row in rows("relaxation")} - {0.0}))


def tissues(field: float | int = 3.0) -> dict[str, Tissue]:
    """csf, gray and white at a field strength in T; UserError where the table has no such field."""
    if field not in fields():
        raise UserError(
            f"no relaxation times for {field} T; the table holds {', '.join(f'{f:g}' for f in fields())} T."
        )
    found: dict[str, dict[str, float]] = {name: {} for name in TISSUES}
    for row in rows("relaxation"):
        if row["used"] == "yes" and float(row["field_t"]) in (0.0, float(field)):
            found[row["tissue"]][row["quantity"].lower()] = float(row["value"])
    return {name: Tissue(**values) for name, values in found.items()}


def snr(field: float | int, contrast: str) -> float:
    """Signal of white matter over the standard deviation of the noise in one channel."""
    for row in rows("noise"):
        if float(row["field_t"]) == field and row["contrast"] == contrast:
            return float(row["snr_white"])
    raise UserError(f"no noise level for {contrast} at {field} T in data/physics/noise.csv.")


def relaxation_table(field: float | int | None = None) -> list[dict[str, Any]]:
    """All values with source and how far each was checked, for one field or all."""
    return [
        dict(row)
        for row in rows("relaxation")
        if field is None or float(row["field_t"]) in (0.0, float(field))
    ]
