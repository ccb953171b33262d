"""Scores for a spreadsheet or a learning platform."""

import csv
import io
from collections import defaultdict

from paperlens.classroom.course import Course
from paperlens.classroom.marking import journal
from paperlens.classroom.output import gradebook
from paperlens.errors import UserError

FORMATS = ("csv", "canvas", "moodle")


def export(course: Course, form: str) -> str:
    """The text of the export. A spreadsheet must not take a student's name for a formula."""
    rows = gradebook.scores(course)
    if not course.assignments():
        raise UserError(f"nothing was released in {course.root}; there is nothing to export")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows({"csv": plain, "canvas": canvas, "moodle": moodle}[form](course, rows))
    return out.getvalue()


def plain(course: Course, rows: list[gradebook.Score]) -> list[list[str]]:
    """One row for each exercise of each student."""
    status = statuses(course)
    table = [["chapter", "student", "exercise", "score", "possible", "status"]]
    for row in rows:
        known = status.get(
            (row.assignment, row.student, row.exercise), "graded" if row.submitted else "missing"
        )
        table.append(
            [row.assignment, safe(row.student), row.exercise, number(row.score), number(row.possible), known]
        )
    return table


def canvas(course: Course, rows: list[gradebook.Score]) -> list[list[str]]:
    """Canvas's gradebook import: one row for each student, one column for each assignment."""
    names = [assignment.name for assignment in course.assignments()]
    total, possible = totals(rows)
    table = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *names]]
    table.append(["    Points Possible", "", "", "", "", *(number(possible[name]) for name in names)])
    for student in sorted({row.student for row in rows}):
        marks = [number(total[student, name]) for name in names]
        table.append([safe(student), platform_id(course, student), safe(student), safe(student), "", *marks])
    return table


def moodle(course: Course, rows: list[gradebook.Score]) -> list[list[str]]:
    """Moodle's grade import: an identifier, then one column for each assignment."""
    names = [assignment.name for assignment in course.assignments()]
    total, _ = totals(rows)
    table = [["Identifier", "Username", *names]]
    for student in sorted({row.student for row in rows}):
        number_there = platform_id(course, student)
        identifier = f"Participant {number_there}" if number_there else ""
        table.append([identifier, safe(student), *(number(total[student, name]) for name in names)])
    return table


def statuses(course: Course) -> dict[tuple[str, str, str], str]:
    """The last status of each exercise, for the submission that counts."""
    return {
        (assignment.name, work.student, work.exercise): outcome.status
        for assignment in course.assignments()
        for work, outcome in journal.latest(course, assignment).items()
    }


def totals(rows: list[gradebook.Score]) -> tuple[dict[tuple[str, str], float], dict[str, float]]:
    """Points of each student in each assignment, and what was possible."""
    total: dict[tuple[str, str], float] = defaultdict(float)
    possible: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        total[row.student, row.assignment] += row.score
        possible[row.assignment][row.exercise] = row.possible
    return total, {name: sum(each.values()) for name, each in possible.items()}


def platform_id(course: Course, student: str) -> str:
    """The learning platform's number of a student whose submission came in its zip."""
    files = sorted((course.root / "submitted" / student).glob("*/platform.txt"))
    return files[-1].read_text(encoding="utf-8").strip() if files else ""


def number(value: float) -> str:
    """`4`, or `2.5`."""
    return f"{value:g}"


def safe(text: str) -> str:
    """Spreadsheets run a cell that begins like a formula."""
    return f"'{text}" if text[:1] in "=+-@\t" else text
