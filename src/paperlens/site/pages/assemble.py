"""Writes build/student, the committed notebooks and build/book, and of these only what differs."""

import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from nbformat import NotebookNode

from paperlens.site.chapters import forms
from paperlens.site.chapters.curriculum import order
from paperlens.site.chapters.notebooks import load, markdown, node, text
from paperlens.site.chapters.source import Chapter
from paperlens.site.pages import data_pictures, data_tables, fidelity, grading_page, landing_pictures, tables
from paperlens.site.pages.course_map import course_map
from paperlens.site.places import Places, write
from paperlens.site.run.cache import Execution

FIRST = "start_here.ipynb"
BIBLIOGRAPHY = "references.bib"
PAGES = {".md", ".bib", ".svg", ".png", ".webp"}  # what a page of book/ is made of
SKIP = {"static", "templates", "_build", "node_modules", "demos", "locale"}
REFERENCE = ("Linux", "x86_64")  # outputs are committed from there; elsewhere the last digits may differ


def students(chapters: list[Chapter], places: Places) -> None:
    """The student form of every chapter in build/student, and of no other."""
    folder = places.build / "student"
    for chapter in chapters:
        write(folder / f"{chapter.name}.ipynb", text(forms.student(chapter, places.book / BIBLIOGRAPHY)))
    _only(folder, {f"{chapter.name}.ipynb" for chapter in chapters})


def beside(chapter: Chapter, places: Places) -> Path:
    """Where the committed notebook of a chapter lies."""
    return places.chapters / chapter.name / f"{chapter.name}.ipynb"


def commit_form(chapter: Chapter, executed: Execution, places: Places) -> bool:
    """Write the solution form beside its source; True where it changed. Only the reference system writes."""
    if (platform.system(), platform.machine()) != REFERENCE:
        return False
    notebook = forms.committed(chapter, executed.notebook, places.book / BIBLIOGRAPHY)
    notebook.metadata["paperlens"] = {
        "modules": list(executed.modules),
        "data": list(executed.data),
        "seconds": round(executed.seconds),
    }
    target = beside(chapter, places)
    if target.is_file():  # what may vary does not change the file, and neither does the time it took
        before = load(target)
        kept = {c.id: c.outputs for c in before.cells if forms.IGNORE in c.metadata.get("tags", [])}
        for cell in notebook.cells:
            if forms.IGNORE in cell.metadata.get("tags", []) and cell.id in kept:
                cell.outputs = kept[cell.id]
        seconds = notebook.metadata["paperlens"]["seconds"]
        notebook.metadata["paperlens"]["seconds"] = before.metadata.get("paperlens", {}).get(
            "seconds", seconds
        )
        if text(notebook) == text(before):
            return False
        notebook.metadata["paperlens"]["seconds"] = seconds
    return write(target, text(notebook))


def pages(
    chapters: list[Chapter],
    executed: Mapping[str, Execution],
    places: Places,
    *,
    hide_solutions: bool = False,
) -> None:
    """Sphinx's source folder: the book's pages, the chapters' pages, the generated tables, the pictures."""
    wanted: set[str] = set()

    def put(name: str, content: str | bytes) -> None:
        write(places.pages / name, content)
        wanted.add(name)

    for page in sorted(places.book.rglob("*")):
        inside = page.relative_to(places.book)
        if page.is_file() and page.suffix in PAGES and inside.parts[0] not in SKIP:
            put(inside.as_posix(), page.read_bytes())
    for chapter in chapters:
        where = (
            course_map(chapters, here=tables.short(chapter), up="../")
            if tables.short(chapter) in order()
            else ""
        )
        notebook = forms.page(
            chapter, executed[chapter.name].notebook, hide_solutions=hide_solutions, where=where
        )
        put(f"chapters/{chapter.name}.ipynb", text(notebook))
        student = forms.student(chapter, places.book / BIBLIOGRAPHY)
        put(f"notebooks/{chapter.name}.ipynb", text(student))
    put("generated/contents.md", tables.contents(chapters))
    put("generated/counts.md", tables.counts(chapters))
    put("generated/cards.md", tables.cards(chapters))
    put("generated/course_map.md", f"```{{raw}} html\n{course_map(chapters)}\n```\n")
    put("generated/clone.md", tables.clone(places))
    put("generated/course.md", tables.course(chapters))
    put("generated/systems.md", tables.system_table(chapters))
    put("generated/fidelity.md", fidelity.table())
    put("generated/fidelity_speed.md", fidelity.speed())
    put("generated/ledger.md", tables.ledger(executed[c.name].notebook for c in chapters))
    for name, content in {**data_tables.parts(), **grading_page.parts()}.items():
        put(f"generated/{name}", content)
    for name, content in tables.api().items():
        put(f"api/{name}.md", content)
    landing_pictures.landing(places.build / "drawn" / "pictures")
    data_pictures.draw(places.build / "drawn" / "pictures")
    _only(places.pages, wanted)


def _only(folder: Path, wanted: set[str]) -> None:
    """Remove what an earlier run wrote and this one did not."""
    for found in sorted(folder.rglob("*")):
        if found.is_file() and found.relative_to(folder).as_posix() not in wanted:
            found.unlink()


def copies(places: Places) -> list[str]:
    """Student notebooks that are missing in work/, copied there; one that exists is never touched."""
    new = []
    for source in sorted((places.build / "student").glob("*.ipynb")):
        target = places.work / source.name
        if not target.exists():
            write(target, text(_at_home(load(source))))
            new.append(source.name)
    return new


def start_here(chapters: list[Chapter], places: Places) -> str:
    """Write the notebook that JupyterLab opens first, anew each time (it holds nobody's work); its name."""
    lines = [
        "# Start here",
        "",
        "These are your own copies of the chapters; nothing overwrites them. Run a cell with Shift+Enter.",
        "Where a cell says `raise NotImplementedError`, write your function and run the `check` below it:",
        "it says at once what is right.",
        "",
    ]
    for chapter in chapters:
        count = len(chapter.exercises)
        lines.append(f"- [{chapter.title}]({chapter.name}.ipynb): {count} exercise{'s' * (count != 1)}")
    lines += [
        "",
        "To begin a chapter again, rename or delete your copy and run `make lab` anew: a fresh one appears.",
        "Stop JupyterLab with Ctrl+C in the terminal where it runs.",
    ]
    notebook = node(
        {
            "cells": [markdown("\n".join(lines), "start-here")],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    write(places.work / FIRST, text(_at_home(notebook)))
    return FIRST


def _at_home(notebook: NotebookNode) -> NotebookNode:
    """The metadata that JupyterLab would add on opening, so that it does not mark an untouched notebook as changed."""
    version = sys.version_info
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata["language_info"] = {
        "codemirror_mode": {"name": "ipython", "version": version.major},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": f"ipython{version.major}",
        "version": platform.python_version(),
    }
    return notebook
