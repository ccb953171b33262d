"""Every chapter: the committed notebook is current, each stub comes from its solution, nothing leaks."""

import ast
import itertools
import json
from pathlib import Path

import pytest

from paperlens.site.chapters import forms
from paperlens.site.chapters.markers import BEGIN, END, solution, stub
from paperlens.site.chapters.notebooks import load
from paperlens.site.chapters.source import Chapter, exercise_of, read_all
from paperlens.site.pages.assemble import BIBLIOGRAPHY, beside
from paperlens.site.places import Places
from paperlens.site.run.execute import AVERAGE, MOST

PLACES = Places(Path(__file__).parent.parent.parent)
CHAPTERS = read_all(PLACES)
every_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)


def bare(notebook: object) -> list[tuple[str, str, str, str]]:
    """What a notebook says, without what it printed."""
    return [
        (c.id, c.cell_type, c.source, json.dumps(c.metadata, sort_keys=True))
        for c in notebook.cells  # type: ignore[attr-defined]
    ]


@every_chapter
def test_the_committed_notebook_is_current(chapter: Chapter) -> None:
    path = beside(chapter, PLACES)
    assert path.is_file(), "run `paperlens book execute` and commit the notebook"
    stale = "the notebook is older than its source; run `paperlens book execute` and commit both"
    assert bare(load(path)) == bare(forms.committed(chapter, None, PLACES.book / BIBLIOGRAPHY)), stale


@every_chapter
def test_committed_outputs_are_small_and_clean(chapter: Chapter) -> None:
    for number, cell in enumerate(load(beside(chapter, PLACES)).cells, 1):
        for output in cell.get("outputs", []):
            assert output.output_type != "error", f"cell {number} of {chapter.name} stopped"
            assert output.get("name") != "stderr", (
                f"cell {number} of {chapter.name} warns: {output.get('text')}"
            )
            assert set(output.get("data", {})) <= set(forms.COMMITTED)


@every_chapter
def test_each_stub_comes_from_its_solution(chapter: Chapter) -> None:
    student = {c.source for c in forms.student(chapter, PLACES.book / BIBLIOGRAPHY).cells}
    for cell in chapter.notebook.cells:
        if exercise := exercise_of(cell):
            given = stub(cell.source, exercise)
            assert given in student
            assert signatures(given) == signatures(solution(cell.source)), f"{exercise}: another contract"
            assert given.count("NotImplementedError") == cell.source.count(BEGIN) == cell.source.count(END)


def signatures(source: str) -> list[tuple[str, str, str | None]]:
    """Name, parameters and docstring of every function of a cell."""
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]
    top = [n for n in functions if n in ast.parse(source).body or ast.get_docstring(n)]
    return [(f.name, ast.unparse(f.args), ast.get_docstring(f)) for f in top]


@every_chapter
def test_no_answer_stands_in_the_student_form(chapter: Chapter) -> None:
    whole = json.dumps(forms.student(chapter, PLACES.book / BIBLIOGRAPHY))
    assert BEGIN not in whole and END not in whole
    for cell in chapter.notebook.cells:
        if exercise := exercise_of(cell):
            lines = [line for part in answers(cell.source) for line in part]
            for pair in itertools.pairwise(lines):
                assert json.dumps("\n".join(pair))[1:-1] not in whole, f"{exercise} leaks {pair}"


def answers(source: str) -> list[list[str]]:
    parts = [part.partition(END)[0] for part in source.split(BEGIN)[1:]]
    return [part.strip("\n").splitlines() for part in parts]


@every_chapter
def test_a_picture_has_words(chapter: Chapter) -> None:
    """Every cell that draws says in its metadata what a reader who does not see it would miss."""
    for number, cell in enumerate(load(beside(chapter, PLACES)).cells, 1):
        drawn = any(
            "<Figure" in str(o.get("data", {}).get("text/plain", "")) for o in cell.get("outputs", [])
        )
        alternative = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        assert not drawn or len(alternative) > 10, (
            f"{chapter.name}, cell {number} draws without `mystnb: image: alt`"
        )


def test_the_course_keeps_its_budget_of_time() -> None:
    """Seconds of the run that the committed outputs come from, one thread, profile class."""
    seconds = {c.name: load(beside(c, PLACES)).metadata["paperlens"]["seconds"] for c in read_all(PLACES)}
    assert max(seconds.values()) <= MOST, seconds
    assert sum(seconds.values()) / len(seconds) <= AVERAGE, seconds
