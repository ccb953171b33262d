"""nbformat has no types; what the site needs of it, typed once."""

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode


def node(found: Any) -> Any:
    """Plain dictionaries and lists as notebook nodes."""
    return nbformat.from_dict(found)  # type: ignore[no-untyped-call]


def markdown(text: str, name: str) -> NotebookNode:
    """A Markdown cell with an id of our choice (64 characters at most)."""
    cell = node({"cell_type": "markdown", "id": name[:64], "metadata": {}, "source": text})
    assert isinstance(cell, NotebookNode)
    return cell


def text(notebook: NotebookNode) -> str:
    """The notebook as the bytes of a file, the same on every machine."""
    return str(nbformat.writes(notebook)) + "\n"  # type: ignore[no-untyped-call]


def load(path: Path) -> NotebookNode:
    """Read a notebook of format 4."""
    found = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    assert isinstance(found, NotebookNode)
    return found
