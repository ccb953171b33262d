"""Reads the cells of a handed-in notebook, whatever has become of it. Nothing here parses or runs Python.

Outputs are skipped. Which of the cells answers an exercise is decided behind the wall, where the text is parsed.
"""

import json
from dataclasses import dataclass
from typing import Any

MAX_BYTES = 100 << 20  # with its outputs, which are skipped
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


def read(data: bytes) -> list[Cell]:
    """The cells of a notebook, formats 3 and 4; raises `BrokenError`."""
    if len(data) > MAX_BYTES:
        raise BrokenError(
            f"the notebook has {len(data) >> 20} MB, {MAX_BYTES >> 20} are allowed; "
            "clear its outputs and hand it in again"
        )
    try:
        tree = json.loads(decoded(data))
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


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8 with or without a mark, UTF-16, UTF-32, or what older editors write."""
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def from_python(data: bytes) -> bytes:
    """A Python file as a notebook: one cell, or several where `# %%` stands between them."""
    cells: list[list[str]] = [[]]
    for line in decoded(data).splitlines(keepends=True):
        if line.startswith(("# %%", "#%%", "# In[")):
            cells.append([])
        else:
            cells[-1].append(line)
    found: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "metadata": {},
            "source": "".join(lines),
            "outputs": [],
            "execution_count": None,
        }
        for lines in cells
        if "".join(lines).strip()
    ]
    return json.dumps({"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


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


def as_list(value: Any) -> list[Any]:
    """A list, or an empty one in place of anything else."""
    return value if isinstance(value, list) else []
