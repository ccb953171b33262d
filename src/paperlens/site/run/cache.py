"""Keeps one execution per chapter and profile, and says whether it still holds."""

import hashlib
import json
import platform
from dataclasses import dataclass
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from paperlens.data.files import root as data_root
from paperlens.importgraph import imports
from paperlens.site.chapters.forms import runnable
from paperlens.site.chapters.notebooks import load as load_notebook
from paperlens.site.chapters.notebooks import text
from paperlens.site.chapters.source import Chapter
from paperlens.site.places import Places, write
from paperlens.site.run.keys import digest, package_files, versions


@dataclass(frozen=True, slots=True)
class Execution:
    """What a run gave, and how long it took."""

    notebook: NotebookNode
    seconds: float


def folder(places: Places, profile: str) -> Path:
    """Where the executions of one profile lie."""
    return places.build / "executed" / profile


def code_digest(chapter: Chapter) -> str:
    """Changes with any code cell and with a tag that changes how a cell runs; prose leaves it as it is."""
    cells = [c for c in runnable(chapter).cells if c.cell_type == "code"]
    said = [[c.source, "raises-exception" in c.metadata.get("tags", [])] for c in cells]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _depends(chapter: Chapter, modules: list[str], data: list[str]) -> dict[str, object]:
    """The state of everything the run rested on; equal states give equal outputs."""
    magic = TransformerManager()  # type: ignore[no-untyped-call]
    python = "\n".join(magic.transform_cell(source) for source in chapter.code)
    files, packages = package_files([*imports(python), *modules])
    return {
        "code": code_digest(chapter),
        "modules": digest(files),
        "data": digest(data_root() / name for name in data),
        "packages": versions(packages),
        "python": platform.python_version(),
    }


def load(chapter: Chapter, places: Places, profile: str) -> Execution | None:
    """The kept execution where nothing it rested on has changed, otherwise None."""
    place = folder(places, profile)
    note, notebook = place / f"{chapter.name}.json", place / f"{chapter.name}.ipynb"
    if not (note.is_file() and notebook.is_file()):
        return None
    kept = json.loads(note.read_text(encoding="utf-8"))
    if kept["depends"] != _depends(chapter, kept["modules"], kept["data"]):
        return None
    return Execution(load_notebook(notebook), kept["seconds"])


def save(
    chapter: Chapter, places: Places, profile: str, execution: Execution, noted: tuple[list[str], list[str]]
) -> None:
    """Keep an execution; the note is written last, so that an interrupted run leaves no half-truth."""
    place = folder(places, profile)
    note = place / f"{chapter.name}.json"
    note.unlink(missing_ok=True)
    write(place / f"{chapter.name}.ipynb", text(execution.notebook))
    modules, data = noted
    kept = {
        "depends": _depends(chapter, modules, data),
        "modules": modules,
        "data": data,
        "seconds": round(execution.seconds, 2),
    }
    write(note, json.dumps(kept, indent=1))
