"""Keeps one execution per chapter and profile, and says whether it still holds."""

import hashlib
import json
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from paperlens.data.files import root as data_root
from paperlens.importgraph import imports, module_file, reach
from paperlens.site.chapters.forms import runnable
from paperlens.site.chapters.notebooks import load as load_notebook
from paperlens.site.chapters.notebooks import text
from paperlens.site.chapters.source import Chapter
from paperlens.site.places import Places, write
from paperlens.site.run.keys import digest, versions


@dataclass(frozen=True, slots=True)
class Execution:
    """What a run gave, how long it took, and which modules and shipped files it was seen to use."""

    notebook: NotebookNode
    seconds: float
    modules: tuple[str, ...] = ()
    data: tuple[str, ...] = ()


def folder(places: Places, profile: str) -> Path:
    """Where the executions of one profile lie."""
    return places.build / "executed" / profile


def code_digest(chapter: Chapter) -> str:
    """Changes with any code cell and with a tag that changes how a cell runs; prose leaves it as it is."""
    cells = [c for c in runnable(chapter).cells if c.cell_type == "code"]
    said = [[c.source, "raises-exception" in c.metadata.get("tags", [])] for c in cells]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def rests_on(chapter: Chapter, modules: Iterable[str], data: Iterable[str]) -> dict[str, object]:
    """The state of everything a run rests on; equal states give equal outputs."""
    return {
        "code": code_digest(chapter),
        "modules": digest(files(chapter, modules)),
        "data": digest(data_root() / name for name in data),
        "packages": versions(reach([*imports(python(chapter)), *modules]).packages),
        "python": platform.python_version(),
    }


def files(chapter: Chapter, modules: Iterable[str]) -> set[Path]:
    """The files of paperlens that a run rests on.

    What its cells can load through imports; and of the `modules` that an earlier run was seen to load beside these (a
    catalogue names them in strings) each one alone, for whatever it loaded in turn was seen too.
    """
    seen = {file for name in modules if (file := module_file(name)) is not None}
    return seen | set(reach(imports(python(chapter))).modules.values())


def beyond_imports(chapter: Chapter, modules: Iterable[str]) -> tuple[str, ...]:
    """Of the modules that a run was seen to load, those that no import of its cells leads to."""
    return tuple(sorted(set(modules) - set(reach(imports(python(chapter))).modules)))


def python(chapter: Chapter) -> str:
    """The code cells as Python, magics translated."""
    magic = TransformerManager()  # type: ignore[no-untyped-call]
    return "\n".join(magic.transform_cell(source) for source in chapter.code)


def load(chapter: Chapter, places: Places, profile: str) -> Execution | None:
    """The kept execution where nothing it rested on has changed, otherwise None."""
    place = folder(places, profile)
    note, notebook = place / f"{chapter.name}.json", place / f"{chapter.name}.ipynb"
    if not (note.is_file() and notebook.is_file()):
        return None
    kept = json.loads(note.read_text(encoding="utf-8"))
    if kept["depends"] != rests_on(chapter, kept["modules"], kept["data"]):
        return None
    return Execution(load_notebook(notebook), kept["seconds"], tuple(kept["modules"]), tuple(kept["data"]))


def save(chapter: Chapter, places: Places, profile: str, execution: Execution) -> None:
    """Keep an execution; the note is written last, so that an interrupted run leaves no half-truth."""
    place = folder(places, profile)
    note = place / f"{chapter.name}.json"
    note.unlink(missing_ok=True)
    write(place / f"{chapter.name}.ipynb", text(execution.notebook))
    kept = {
        "depends": rests_on(chapter, execution.modules, execution.data),
        "modules": execution.modules,
        "data": execution.data,
        "seconds": round(execution.seconds, 2),
    }
    write(note, json.dumps(kept, indent=1))
