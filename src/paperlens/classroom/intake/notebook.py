"""Finds the answers in a handed-in notebook, whatever has become of it. Nothing here runs what it reads.

An answer is found by its cell's metadata, then by its function's name. Duplicated, moved, renamed, deleted or retyped
cells end in a status of that exercise, never in an exception.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from paperlens.exercises.engine.exercise import Exercise

MAX_BYTES = 20 << 20
MAX_CELLS = 5_000
MAX_SOURCE = 400_000  # characters of one cell
MAX_TEXT = 700_000  # characters of all cells: they must fit into one message


class BrokenError(Exception):
    """The file is no notebook; the text says why."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as far as it matters here."""

    code: bool
    source: str
    exercise: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """An answer: the cells that run beside it, its own cells in order, and remarks for the teacher."""

    support: list[str] = field(default_factory=list)
    answer: list[str] = field(default_factory=list)
    status: str | None = None  # missing or malformed when there is none
    sentence: str = ""
    remark: str = ""


def read(data: bytes) -> list[Cell]:
    """The cells of a notebook, formats 3 and 4; raises `BrokenError`."""
    if len(data) > MAX_BYTES:
        raise BrokenError(
            f"the notebook has {len(data) >> 20} MB, {MAX_BYTES >> 20} are allowed; "
            "clear its outputs and hand it in again"
        )
    try:
        tree = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError):
        raise BrokenError("the file is not a notebook: it is not readable as JSON") from None
    if not isinstance(tree, dict):
        raise BrokenError("the file is not a notebook: there are no cells in it")
    cells = tree.get("cells")
    if cells is None and isinstance(tree.get("worksheets"), list):  # format 3, before 2015
        cells = [
            cell
            for sheet in tree["worksheets"]
            if isinstance(sheet, dict)
            for cell in as_list(sheet.get("cells"))
        ]
    if not isinstance(cells, list):
        raise BrokenError("the file is not a notebook: there are no cells in it")
    if len(cells) > MAX_CELLS:
        raise BrokenError(f"the notebook has {len(cells)} cells; {MAX_CELLS} are allowed")
    found = [one_cell(cell) for cell in cells if isinstance(cell, dict)]
    if sum(len(cell.source) for cell in found if cell.code) > MAX_TEXT:
        raise BrokenError(f"the notebook has more than {MAX_TEXT} characters of code")
    return found


def one_cell(cell: dict[str, Any]) -> Cell:
    """What a cell says it is; what is not of the expected kind counts as empty."""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    text = source if isinstance(source, str) else ""
    said = cell.get("metadata")
    ours = said.get("paperlens") if isinstance(said, dict) else None
    exercise = ours.get("exercise") if isinstance(ours, dict) else None
    return Cell(
        code=cell.get("cell_type") == "code",
        source=text[:MAX_SOURCE].encode("utf-8", "replace").decode(),
        exercise=exercise if isinstance(exercise, str) else None,
    )


def find(cells: list[Cell], exercise: Exercise) -> Found:
    """Where the answer to one exercise stands."""
    defines = re.compile(
        rf"^\s*(async\s+)?(def|class)\s+{exercise.function}\b|^{exercise.function}\s*=", re.MULTILINE
    )
    code = [cell for cell in cells if cell.code]
    marked = [cell for cell in code if cell.exercise == exercise.id]
    named = [cell for cell in code if cell not in marked and defines.search(cell.source)]
    remark = ""
    if marked and named and not any(written(cell, exercise, defines) for cell in marked):
        chosen, remark = [named[-1]], "answered in a cell of its own"
    elif marked:
        chosen = marked
        remark = (
            f"the answer cell is there {len(marked)} times; the last definition counts"
            if len(marked) > 1
            else ""
        )
    elif named:
        chosen, remark = [named[-1]], "the answer cell was found by its function's name"
    elif any(cell.exercise == exercise.id for cell in cells):
        return Found(status="malformed", sentence="the answer cell is no longer a code cell")
    else:
        return Found(status="missing", sentence=f"no cell defines `{exercise.function}`")
    support = [cell.source for cell in code if not any(cell is one for one in chosen)]
    return Found(support=support, answer=[cell.source for cell in chosen], remark=remark)


def written(cell: Cell, exercise: Exercise, defines: re.Pattern[str]) -> bool:
    """Does the cell hold an answer, and not the stub that was handed out?"""
    return bool(defines.search(cell.source)) and f'NotImplementedError("{exercise.id}:' not in cell.source


def as_list(value: Any) -> list[Any]:
    """A list, or an empty one in place of anything else."""
    return value if isinstance(value, list) else []
