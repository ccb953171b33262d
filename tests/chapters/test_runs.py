"""Every chapter at `smoke`: the solution form runs clean, the student form stops only at its own stubs."""

import ast
import asyncio
import re
from pathlib import Path

import pytest
import rested

from paperlens.site.chapters import forms
from paperlens.site.chapters.source import Chapter, read_all
from paperlens.site.pages.assemble import BIBLIOGRAPHY
from paperlens.site.places import Places
from paperlens.site.run.execute import execute, run

ROOT = Path(__file__).parent.parent.parent
PLACES = Places(ROOT, derived=ROOT / "build" / "test")
every_chapter = pytest.mark.parametrize("chapter", read_all(PLACES), ids=lambda c: c.name)


def depends(item):
    """Each chapter but the first, which always runs."""
    chapter = item.callspec.params["chapter"]
    return None if chapter.name.startswith("00_") else rested.check("smoke", chapter, PLACES)


@every_chapter
def test_the_solution_form_runs_clean(chapter: Chapter) -> None:
    notebook = execute([chapter], PLACES, "smoke")[chapter.name].notebook
    for number, cell in enumerate(notebook.cells, 1):
        warned = [o.text for o in cell.get("outputs", []) if o.get("name") == "stderr"]
        assert not warned, f"{chapter.name}, cell {number} warns: {warned}"


def stops(notebook: object, exercises: list[str]) -> list[str]:
    """The cells that stopped for another reason than a stub: its own error, or a name a stopped cell would have set."""
    others, missing = [], set()
    for number, cell in enumerate(notebook.cells, 1):  # type: ignore[attr-defined]
        for output in cell.get("outputs", []):
            if output.output_type != "error":
                continue
            tree = ast.parse(re.sub(r"^\s*[%!].*$", "", cell.source, flags=re.M))
            missing |= {
                n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            stub = output.ename == "NotImplementedError" and output.evalue.partition(":")[0] in exercises
            absent = (
                output.ename == "NameError" and (name := re.search(r"'(\w+)'", output.evalue)) is not None
            )
            if not stub and not (absent and name[1] in missing):
                others.append(f"cell {number}: {output.ename}: {output.evalue}")
    return others


@every_chapter
def test_the_student_form_stops_only_at_its_stubs(chapter: Chapter, tmp_path: Path) -> None:
    notebook = forms.student(chapter, PLACES.book / BIBLIOGRAPHY)
    asyncio.run(run(notebook, chapter.name, tmp_path, "smoke", allow_errors=True))
    assert stops(notebook, chapter.exercises) == []
