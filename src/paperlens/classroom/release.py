"""From a chapter to what is handed out: the student form with nbgrader's marks, on request with sibling exercises."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from paperlens.classroom import durable, terms
from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.output import gradebook
from paperlens.errors import UserError
from paperlens.exercises.catalogue import find
from paperlens.exercises.engine.exercise import Exercise
from paperlens.site import places
from paperlens.site.chapters import forms, source
from paperlens.site.chapters.markers import BEGIN, END
from paperlens.site.chapters.notebooks import text

SCHEMA = 3  # of nbgrader's cell metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What `paperlens class release` was told."""

    variant: bool = False
    exercises: str = ""
    points: str = ""
    partial: bool = False
    tell: str = "all"
    due: str = ""
    penalty: float = 0.0
    cut_off: float | None = None


def release(course: Course, name: str, wishes: Wishes) -> tuple[Path, list[str]]:
    """Write `release/NAME/` and `source/NAME/`, and tell the gradebook.

    Returns the released notebook, and what a teacher should know about marks that were there already.
    """
    if not name or "/" in name or name.startswith("."):
        raise UserError(f"{name!r} is no chapter's name; expected something like 08_swin or swin")
    here = places.here()
    chapter = source.read_all(here, [name])[0]
    if not chapter.exercises:
        raise UserError(f"chapter {chapter.name} has no exercises, so there is nothing to grade in it")
    terms.moment(wishes.due)  # a date that is none is told before anything is written
    if wishes.penalty < 0 or (wishes.cut_off or 0) < 0:
        raise UserError("a penalty and a cut-off are numbers from 0 on")
    kept_ones = terms.chosen_exercises(tuple(chapter.exercises), wishes.exercises)
    asked = {exercise: chosen(exercise, wishes.variant) for exercise in kept_ones}
    ids = tuple(one.id for one in asked.values())
    assignment = Assignment(
        name,
        chapter.name,
        chapter.name,
        wishes.variant,
        ids,
        terms.chosen_points(ids, wishes.points),
        wishes.partial,
        wishes.tell,
        wishes.due,
        wishes.penalty,
        wishes.cut_off,
    )
    handed_out = forms.student(chapter, here.book / "references.bib")
    gradables = marked(handed_out, asked, assignment)
    handed_out.cells.insert(1, nbformat.v4.new_markdown_cell(f"*{assignment.rules()}*"))  # type: ignore[no-untyped-call]
    kept = source.read_all(here, [name])[0].notebook  # the teacher's, with solutions
    marked(kept, asked, assignment, solution=True)
    said = gradebook.register(course, assignment, gradables)
    durable.write(course.root / "source" / name / f"{chapter.name}.ipynb", text(kept))
    path = course.root / "release" / name / f"{chapter.name}.ipynb"
    durable.write(path, text(handed_out))
    course.remember(assignment)
    return path, said


def chosen(exercise_id: str, variant: bool) -> Exercise:
    """The exercise, or its sibling where there is one."""
    exercise = find(exercise_id)
    return exercise.sibling if variant and exercise.sibling is not None else exercise


def marked(
    notebook: NotebookNode, asked: dict[str, Exercise], assignment: Assignment, *, solution: bool = False
) -> list[gradebook.Gradable]:
    """Mark answer cells and the cells that check them; put siblings in. Returns what is graded, in order."""
    found: list[gradebook.Gradable] = []
    cells: list[NotebookNode] = []
    waiting: list[tuple[Exercise, str, str]] = []  # answers whose checking cell has not come yet

    def graded(exercise: Exercise, answer: str, cell: NotebookNode) -> None:
        points = assignment.terms(exercise.id).points
        one = gradebook.Gradable(exercise.id, points, answer, cell.source)
        cell.metadata["nbgrader"] = nbgrader_mark(one.check_id, locked=True, points=points)
        found.append(one)
        cells.append(cell)

    for cell in notebook.cells:
        exercise = asked.get(source.exercise_of(cell) or "")
        if exercise is not None:
            original = source.exercise_of(cell) or ""
            if exercise.id != original:
                cell.source = sibling_stub(exercise, solution)
                cell.metadata["paperlens"]["exercise"] = exercise.id
            one = gradebook.Gradable(exercise.id, 0.0, "", "")
            cell.metadata["nbgrader"] = nbgrader_mark(one.answer_id, locked=False)
            cells.append(cell)
            waiting.append((exercise, original, cell.source))
            continue
        checked = next((one for one in waiting if is_check(cell, one[1])), None)
        if checked is None:
            cells.append(cell)
            continue
        waiting.remove(checked)
        cell.source = f'check("{checked[0].id}", {checked[0].function})'
        graded(checked[0], checked[2], cell)
    for exercise, _, answer in waiting:
        graded(exercise, answer, nbformat.v4.new_code_cell(f'check("{exercise.id}", {exercise.function})'))  # type: ignore[no-untyped-call]
    notebook.cells = cells
    return found


def is_check(cell: NotebookNode, exercise_id: str) -> bool:
    """Is this the cell that checks the answer?"""
    return cell.cell_type == "code" and f'check("{exercise_id}"' in cell.source.replace("'", '"')


def sibling_stub(exercise: Exercise, solution: bool) -> str:
    """The cell of a sibling, which no chapter has written out: signature, contract, and a line to replace."""
    contract = "\n".join(f"    {line}".rstrip() for line in exercise.summary.splitlines()).strip()
    todo = f'    raise NotImplementedError("{exercise.id}: write your own lines here, then run this cell")'
    body = f"    {BEGIN}\n{todo}\n    {END}" if solution else todo
    return f'def {exercise.function}({exercise.parameters}):\n    """{contract}"""\n{body}'


def nbgrader_mark(cell_id: str, *, locked: bool, points: float | None = None) -> dict[str, Any]:
    """Cell metadata as nbgrader 0.9 writes it."""
    mark: dict[str, Any] = {"grade": locked, "solution": not locked, "locked": locked, "task": False}
    mark |= {"grade_id": cell_id, "schema_version": SCHEMA, "cell_type": "code"}
    return mark | ({"points": points} if locked else {})
