"""What teachers and students look at: nbgrader's marked notebooks, and a page for each student.

A marked notebook is our released one with the student's answers put in as text. Nothing else of what was handed in
gets there: an output or a Markdown cell could carry a script into the teacher's browser.
"""

import copy
import json
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from paperlens.classroom import durable
from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.intake import collect, notebook
from paperlens.classroom.marking import journal
from paperlens.classroom.marking.journal import Work
from paperlens.classroom.marking.outcome import Outcome
from paperlens.classroom.output import gradebook
from paperlens.classroom.output.gradebook import Score
from paperlens.classroom.output.standalone import document
from paperlens.errors import UserError


def write_all(course: Course, assignment: Assignment, outcomes: Mapping[Work, Outcome]) -> None:
    """Write `autograded/STUDENT/NAME/` for everybody in `outcomes`."""
    path = course.root / "release" / assignment.name / f"{assignment.notebook}.ipynb"
    try:
        released = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is gone; run `paperlens class release` again, the marks are kept") from None
    students: dict[str, dict[str, Outcome]] = defaultdict(dict)
    for work, outcome in outcomes.items():
        students[work.student][work.exercise] = outcome
    for student, marks in students.items():
        submission = collect.submission(course, assignment, student)
        try:
            cells = notebook.read(submission.data) if not submission.problem else []
        except notebook.BrokenError:
            cells = []
        code = [cell.source for cell in cells if cell.code]
        answers = {
            exercise: code[outcome.cell] if 0 <= outcome.cell < len(code) else ""
            for exercise, outcome in marks.items()
        }
        folder = course.root / "autograded" / student / assignment.name
        durable.write_json(
            folder / f"{assignment.notebook}.ipynb", marked(released, answers, marks), sync=False
        )
        durable.write(folder / "timestamp.txt", submission.time.strftime(collect.TIME), sync=False)
    os.sync()


def marked(
    released: dict[str, Any], answers: Mapping[str, str], marks: Mapping[str, Outcome]
) -> dict[str, Any]:
    """The released notebook with answers in their cells and the verdict under each check."""
    page = copy.deepcopy(released)
    checks = {f"{exercise.replace('.', '-')}-score": outcome for exercise, outcome in marks.items()}
    for cell in page["cells"]:
        exercise = cell["metadata"].get("paperlens", {}).get("exercise")
        if exercise in answers:
            cell["source"] = answers[exercise] or "# no answer was found"
        outcome = checks.get(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
        if outcome is not None:
            text = "".join(f"{line}\n" for line in outcome.lines)  # formgrader is the teacher's: all of it
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
    return page


def feedback(course: Course, assignment: Assignment) -> int:
    """A page for each student, `feedback/STUDENT/NAME/NOTEBOOK.html`; returns how many students have one."""
    by_student: dict[str, dict[str, Outcome]] = defaultdict(dict)
    for work, outcome in journal.latest(course, assignment).items():
        by_student[work.student][work.exercise] = outcome
    if not by_student:
        raise UserError(f"nothing of {assignment.name} is graded yet; run `paperlens class grade` first")
    lates = {(assignment.name, who): late for who, late in collect.lates(course, assignment).items()}
    scores: dict[str, dict[str, Score]] = defaultdict(dict)
    for row in gradebook.scores(course, lates):
        if row.assignment == assignment.name:
            scores[row.student][row.exercise] = row
    comments = gradebook.comments(course, assignment)
    for student, marks in by_student.items():
        said = {exercise: comments.get((student, exercise), "") for exercise in marks}
        answers = shown_answers(course, assignment, student)
        about = About(marks=marks, scores=scores[student], answers=answers, comments=said)
        text = page(assignment, student, about)
        folder = course.root / "feedback" / student / assignment.name
        durable.write(folder / f"{assignment.notebook}.html", text, sync=False)
    os.sync()
    return len(by_student)


def shown_answers(course: Course, assignment: Assignment, student: str) -> dict[str, str]:
    """The answers as they stand in the marked notebook, by exercise."""
    path = course.root / "autograded" / student / assignment.name / f"{assignment.notebook}.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return {}
    found = ((cell["metadata"].get("paperlens", {}).get("exercise"), cell["source"]) for cell in cells)
    return {exercise: "".join(source) for exercise, source in found if exercise}


def told(outcome: Outcome, tell: str) -> tuple[str, ...]:
    """The lines that a student may read: all of them, the broken property alone, or none."""
    if tell == "all":
        return outcome.lines
    if tell == "points":
        return ()
    if outcome.status != "graded" or outcome.right:
        return outcome.lines[:1]
    return (*outcome.lines[:1], f"  Broken: {outcome.failed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """All that a student's page tells, by exercise."""

    marks: Mapping[str, Outcome]
    scores: Mapping[str, Score]
    answers: Mapping[str, str]
    comments: Mapping[str, str]


def page(assignment: Assignment, student: str, one: About) -> str:
    """The page: a table of exercises and verdicts, then each answer with what was said about it. It loads nothing."""
    rows, parts = [], []
    scores, comments = one.scores, one.comments
    first = next(iter(scores.values()), None)
    for exercise, outcome in one.marks.items():
        row = scores.get(exercise)
        points = row.score if row else outcome.score
        possible = row.possible if row else outcome.possible
        verdict = "right" if outcome.right else "not yet" if outcome.status == "graded" else outcome.status
        verdict = verdict if assignment.tell != "points" else "marked"
        by_hand = f" ({row.hand})" if row and row.hand else ""
        rows.append(
            f'<tr><td><a href="#{escape(exercise)}">{escape(exercise)}</a></td><td>{escape(verdict + by_hand)}</td>'
            f"<td>{points:g} of {possible:g}</td></tr>"
        )
        words = "\n".join(told(outcome, assignment.tell))
        parts.append(f'<h2 id="{escape(exercise)}">{escape(exercise)}</h2>')
        parts += [f"<pre class=words>{escape(words)}</pre>"] if words else []
        parts += [f"<p class=comment>{escape(comments[exercise])}</p>"] if comments.get(exercise) else []
        parts.append(
            f"<pre class=answer>{escape(one.answers.get(exercise) or '# no answer was found')}</pre>"
        )
    total = sum(row.score for row in scores.values()) * (1 - (first.penalty if first else 0.0))
    possible = sum(row.possible for row in scores.values())
    late = f", {first.late}, {first.penalty:.0%} taken off" if first and first.late else ""
    head = f"{total:g} of {possible:g} points{late}"
    body = f"<h1>{escape(assignment.name)}: {escape(student)}</h1><p class=total>{escape(head)}</p>"
    table = f"<table><tr><th>exercise</th><th>verdict</th><th>points</th></tr>{''.join(rows)}</table>"
    return document(
        f"{assignment.name}: {student}",
        body + table + f"<p>{escape(assignment.rules())}</p>" + "".join(parts),
    )
