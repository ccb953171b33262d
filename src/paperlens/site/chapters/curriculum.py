"""The order of the chapters, and what the book says of one that is not written yet."""

import csv
from dataclasses import dataclass

from paperlens.claims import Claim, claims
from paperlens.site.places import PACKAGE

CHECKOUT = PACKAGE.parent.parent  # a book is made from a checkout alone


@dataclass(frozen=True, slots=True)
class System:
    """One row of systems.csv."""

    id: str
    system: str
    paper: str
    part: int
    chapter: str
    notes: str

    @property
    def claims(self) -> list[Claim]:
        """Its rows of claims.csv: `swin.1`, `swin.2`, ..."""
        return [claim for claim in claims().values() if claim.system == self.id]


@dataclass(frozen=True, slots=True)
class Row:
    """One chapter of the plan: its number, name, part, title, a short title for the map, and what it builds on."""

    number: str
    chapter: str
    part: str
    title: str
    short: str
    builds_on: tuple[str, ...]


def rows() -> list[Row]:
    """The plan in order; the one place is chapters/curriculum.csv of the checkout."""
    with (CHECKOUT / "chapters" / "curriculum.csv").open(encoding="utf-8", newline="") as table:
        return [Row(**{**row, "builds_on": tuple(row["builds_on"].split())}) for row in csv.DictReader(table)]  # type: ignore[arg-type]


def parts() -> dict[str, dict[str, str]]:
    """Part of the course -> chapter -> title, in order."""
    found: dict[str, dict[str, str]] = {}
    for row in rows():
        found.setdefault(row.part, {})[row.chapter] = row.title
    return found


def order() -> list[str]:
    """Names of all chapters; a chapter's number is its place here."""
    return [name for chapters in parts().values() for name in chapters]


def systems() -> list[System]:
    """Every system of the course, in the order of its table."""
    with (PACKAGE / "systems.csv").open(encoding="utf-8", newline="") as table:
        return [System(**{**row, "part": int(row["part"])}) for row in csv.DictReader(table)]  # type: ignore[arg-type]
