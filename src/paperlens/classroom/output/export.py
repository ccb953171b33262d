"""Scores for a spreadsheet or a learning platform.

What was never handed in is blank, not 0: a blank changes nothing there.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.intake import collect
from paperlens.classroom.marking import journal
from paperlens.classroom.output import gradebook
from paperlens.classroom.output.gradebook import Score
from paperlens.errors import UserError

WORKSHEET = (
    *("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed"),
    *("Last modified (submission)", "Last modified (grade)", "Feedback comments"),
)
BOM = "\ufeff"  # Excel takes a file without it for its own country's letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What `paperlens class export` was told."""

    form: str = "csv"
    chapter: str = ""
    column: str = ""  # the platform's own title of the assignment, for Canvas with its number in brackets
    worksheet: Path | None = None  # Moodle's, to be filled in


@dataclass(slots=True)
class Table:
    """All that an export may need."""

    course: Course
    assignments: list[Assignment]
    rows: list[Score]
    people: dict[str, dict[str, str]]
    absent: set[tuple[str, str]]  # (assignment, student) where nothing was handed in
    column: str = ""

    def total(self, student: str, assignment: str) -> str:
        """A student's points, lateness taken off; blank where nothing was handed in and nothing marked by hand."""
        rows = [row for row in self.rows if (row.student, row.assignment) == (student, assignment)]
        if not rows or ((assignment, student) in self.absent and not any(row.hand for row in rows)):
            return ""
        return number(sum(row.score for row in rows) * (1 - rows[0].penalty))

    def possible(self, assignment: str) -> float:
        """What could be reached."""
        points = {row.exercise: row.possible for row in self.rows if row.assignment == assignment}
        return sum(points.values())

    def name(self, student: str) -> str:
        """First and last name as the roster or the platform writes them."""
        person = self.people.get(student, {})
        return f"{person.get('first_name', '')} {person.get('last_name', '')}".strip()

    def titles(self) -> list[str]:
        """A column for each assignment."""
        return [self.column] if self.column else [one.name for one in self.assignments]

    def students(self) -> list[str]:
        """Everybody."""
        return sorted({row.student for row in self.rows})


def export(course: Course, wishes: Wishes) -> str:
    """The text of the export, without a byte order mark. A spreadsheet must not take a name for a formula."""
    if not course.assignments():
        raise UserError(f"nothing was released in {course.root}; there is nothing to export")
    assignments = [course.assignment(wishes.chapter)] if wishes.chapter else course.assignments()
    if (wishes.column or wishes.form == "moodle-worksheet") and len(assignments) != 1:
        raise UserError(
            "a column's title and Moodle's worksheet belong to one assignment; add --chapter NAME"
        )
    names = {one.name for one in assignments}
    lates = {(one.name, who): late for one in assignments for who, late in collect.lates(course, one).items()}
    rows = [row for row in gradebook.scores(course, lates) if row.assignment in names]
    absent = {
        (one.name, student)
        for one in assignments
        for student in {row.student for row in rows}
        if not course.submitted(student, one).is_dir() or not collect.about(course, one, student).handed_in
    }
    people = {person["id"]: person for person in gradebook.people(course)}
    table = Table(course, assignments, rows, people, absent, wishes.column)
    made = {"csv": plain, "canvas": canvas, "moodle": moodle}
    lines = (
        worksheet(table, wishes.worksheet) if wishes.form == "moodle-worksheet" else made[wishes.form](table)
    )
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([[safe(cell) for cell in line] for line in lines])
    return out.getvalue()


def plain(table: Table) -> list[list[str]]:
    """One row for each exercise of each student."""
    status = statuses(table)
    names = (
        "chapter",
        "student",
        "name",
        "exercise",
        "score",
        "possible",
        "status",
        "late",
        "hand mark",
        "total",
    )
    lines = [list(names)]
    for row in table.rows:
        nothing = (row.assignment, row.student) in table.absent
        known = status.get(
            (row.assignment, row.student, row.exercise),
            "graded" if row.submitted and not nothing else "missing",
        )
        score = "" if (nothing or not row.submitted) and not row.hand else number(row.score)
        cells = [
            row.assignment,
            row.student,
            table.name(row.student),
            row.exercise,
            score,
            number(row.possible),
        ]
        lines.append([*cells, known, row.late, row.hand, table.total(row.student, row.assignment)])
    return lines


def canvas(table: Table) -> list[list[str]]:
    """Canvas's gradebook import: five columns that say who it is, then one for each assignment, its points below it.

    Canvas takes a column for an existing assignment where its title carries the number, `Homework 1 (1234)`; a blank
    cell leaves the grade there as it is.
    """
    lines = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *table.titles()]]
    lines.append(
        ["    Points Possible", *[""] * 4, *(number(table.possible(one.name)) for one in table.assignments)]
    )
    for student in table.students():
        marks = [table.total(student, one.name) for one in table.assignments]
        who = table.name(student) or student
        lines.append([who, platform_id(table.course, student), student, student, "", *marks])
    return lines


def moodle(table: Table) -> list[list[str]]:
    """Moodle's plain grade import: map to "ID number" or "Email address", then one column for each assignment."""
    lines = [["ID number", "Email address", "Full name", *table.titles()]]
    for student in table.students():
        marks = [table.total(student, one.name) for one in table.assignments]
        email = table.people.get(student, {}).get("email", "")
        lines.append([student, email, table.name(student) or student, *marks])
    return lines


def worksheet(table: Table, path: Path | None) -> list[list[str]]:
    """Moodle's offline grading worksheet: its own lines with the grades in them, or new ones under its columns.

    Moodle finds the student by Identifier and takes a line only where "Last modified (grade)" is what it wrote itself.
    """
    (one,) = table.assignments
    by_number = {platform_id(table.course, student): student for student in table.students()}
    if path is None:
        lines = [list(WORKSHEET)]
        for number_there, student in sorted(by_number.items()):
            if not number_there:
                continue
            email = table.people.get(student, {}).get("email", "")
            grade, most = table.total(student, one.name), number(table.possible(one.name))
            who = f"Participant {number_there}"
            lines.append([who, table.name(student) or student, email, "", grade, most, "Yes", "-", "-", ""])
        return lines
    with path.open(newline="", encoding="utf-8-sig") as file:
        given = list(csv.reader(file))
    head = given[0] if given else []
    if not {"Identifier", "Grade"} <= set(head):
        raise UserError(f"{path} is no grading worksheet of Moodle: it has no columns Identifier and Grade")
    lines = [head]
    for line in given[1:]:
        cells = dict(zip(head, line, strict=False))
        found = by_number.get(cells.get("Identifier", "").removeprefix("Participant "), "")
        grade = table.total(found, one.name) if found else ""
        lines.append([grade if name == "Grade" and grade else value for name, value in cells.items()])
    return lines


def statuses(table: Table) -> dict[tuple[str, str, str], str]:
    """The last status of each exercise, for the submission that counts."""
    return {
        (assignment.name, work.student, work.exercise): outcome.status
        for assignment in table.assignments
        for work, outcome in journal.latest(table.course, assignment).items()
    }


def platform_id(course: Course, student: str) -> str:
    """The learning platform's number of a student whose submission came in its zip."""
    files = sorted((course.root / "submitted" / student).glob("*/platform.txt"))
    return files[-1].read_text(encoding="utf-8").strip() if files else ""


def number(value: float) -> str:
    """`4`, or `2.5`."""
    return f"{round(value, 4):g}"


def safe(text: str) -> str:
    """Spreadsheets run a cell that begins like a formula; a minus alone is Moodle's word for nothing."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text and text != "-" else text
