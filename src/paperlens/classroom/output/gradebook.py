"""nbgrader's gradebook, as far as grading writes and exports read it."""

import os
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.marking.outcome import Outcome
from paperlens.classroom.terms import Late, moment
from paperlens.errors import UserError

FLUSH = 50  # students


@dataclass(frozen=True, slots=True)
class Gradable:
    """One exercise as the gradebook knows it: an answer cell, and a locked cell that carries the points."""

    exercise: str
    points: float
    answer_source: str
    check_source: str

    @property
    def answer_id(self) -> str:
        """The answer cell's id in nbgrader."""
        return self.exercise.replace(".", "-")

    @property
    def check_id(self) -> str:
        """The graded cell's id in nbgrader."""
        return f"{self.answer_id}-score"


@dataclass(frozen=True, slots=True)
class Marked:
    """What is written for one student."""

    student: str
    timestamp: datetime
    outcomes: Mapping[str, Outcome]
    late: Late = field(default_factory=Late)


@dataclass(frozen=True, slots=True)
class Score:
    """One exercise of one student as the gradebook holds it, a manual mark included."""

    assignment: str
    chapter: str
    student: str
    exercise: str
    score: float
    possible: float
    submitted: bool
    hand: str = ""  # "by hand", or "by hand, over a newer answer"
    late: str = ""
    penalty: float = 0.0  # the share of the points that lateness costs


def create(course: Course, people: list[dict[str, str]]) -> None:
    """Make the tables and the students."""
    with opened(course, fresh=True) as book:
        enrol(book, people)
        book.db.commit()


def add_students(course: Course, names: Mapping[str, str]) -> None:
    """Make those students that are not known yet; formgrader shows the name as it was found."""
    with opened(course) as book:
        enrol(book, [{"id": student, "first_name": "", "last_name": name} for student, name in names.items()])
        book.db.commit()


def people(course: Course) -> list[dict[str, str]]:
    """Everybody the gradebook knows: id, first and last name, email."""
    with opened(course) as book:
        return [
            {name: getattr(student, name) or "" for name in ("id", "first_name", "last_name", "email")}
            for student in sorted(book.students, key=lambda one: one.id)
        ]


def enrol(book: Any, people: list[dict[str, str]]) -> None:
    """Add what is new; leave what is there as it is."""
    from nbgrader.api import Student

    known = {student.id for student in book.students}
    book.db.add_all(Student(**person) for person in people if person["id"] not in known)


def register(course: Course, assignment: Assignment, gradables: list[Gradable]) -> list[str]:
    """Tell the gradebook what is graded; refuses to change what students were graded on already.

    Other points than before are a new scale for all marks at once. Returns what a teacher should know.
    """
    said: list[str] = []
    with opened(course) as book:
        book.update_or_create_assignment(assignment.name)
        notebook = book.update_or_create_notebook(assignment.notebook, assignment.name)
        wanted = {gradable.check_id for gradable in gradables}
        stale = {cell.name for cell in notebook.grade_cells} - wanted
        if stale and notebook.submissions:
            raise UserError(
                f"{assignment.name} was graded with other exercises ({', '.join(sorted(stale))}); "
                "release under the chapter's other name, or into a new course"
            )
        for cell in [*notebook.grade_cells, *notebook.solution_cells, *notebook.source_cells]:
            if cell.name.removesuffix("-score") not in {gradable.answer_id for gradable in gradables}:
                book.db.delete(cell)
        where = (assignment.notebook, assignment.name)
        points = {one.check_id: one.points for one in gradables}
        for cell in notebook.grade_cells:
            before, now = cell.max_score, points.get(cell.name, cell.max_score)
            marks = list(cell.grades) if before != now else []
            if by_hand := sorted(mark.student.id for mark in marks if mark.manual_score is not None):
                raise UserError(
                    f"{cell.name} counted {before:g} points when {', '.join(by_hand[:5])} got a mark by hand; "
                    f"take these marks back in formgrader, or keep --points {before:g}"
                )
            for mark in marks:
                mark.auto_score = (
                    mark.auto_score and round(mark.auto_score * now / before, 4) if before else 0.0
                )
            if marks:
                said.append(
                    f"{cell.name}: {len(marks)} marks were put on the new scale, {before:g} -> {now:g} points"
                )
        for one in gradables:
            book.update_or_create_grade_cell(one.check_id, *where, max_score=one.points, cell_type="code")
            book.update_or_create_solution_cell(one.answer_id, *where)
            book.update_or_create_source_cell(
                one.check_id, *where, cell_type="code", locked=True, source=one.check_source
            )
            book.update_or_create_source_cell(
                one.answer_id, *where, cell_type="code", locked=False, source=one.answer_source
            )
        due = moment(assignment.due)
        book.find_assignment(assignment.name).duedate = due and due.astimezone(UTC).replace(tzinfo=None)
        book.db.commit()
    return said


def record(course: Course, assignment: Assignment, submissions: Iterator[Marked]) -> list[str]:
    """Write all outcomes in one transaction; a mark by hand stays. Returns where one stands over a newer answer.

    Rows are named by their keys and let go of every `FLUSH` students: a large class takes no more memory than a small.
    """
    from nbgrader.api import Student, SubmittedAssignment, SubmittedNotebook

    said: list[str] = []
    with opened(course) as book, book.db.no_autoflush:
        db = book.db
        notebook = book.find_notebook(assignment.notebook, assignment.name)
        cells = {cell.name: cell.id for cell in [*notebook.grade_cells, *notebook.solution_cells]}
        released, here = notebook.assignment.id, notebook.id
        students = {name for (name,) in db.query(Student.id)}
        there = dict(
            db.query(SubmittedAssignment.student_id, SubmittedAssignment.id)
            .filter(SubmittedAssignment.assignment_id == released)
            .all()
        )
        db.expunge_all()
        for number, submission in enumerate(submissions, 1):
            if submission.student not in students:
                db.add(Student(id=submission.student))
            one = (
                db.get(SubmittedAssignment, there[submission.student])
                if submission.student in there
                else None
            )
            if one is None:
                one = SubmittedAssignment(id=new_id(), assignment_id=released, student_id=submission.student)
                db.add(one)
            stamp = submission.timestamp.astimezone(UTC).replace(tzinfo=None)
            newer = one.timestamp is not None and one.timestamp < stamp
            one.timestamp = stamp
            page = next((page for page in one.notebooks if page.notebook_id == here), None)
            if page is None:
                page = SubmittedNotebook(id=new_id(), notebook_id=here, assignment_id=one.id)
                db.add(page)
            reached = sum(outcome.score for outcome in submission.outcomes.values())
            page.late_submission_penalty = round(reached * submission.late.penalty, 4) or None
            said += record_marks(db, page, submission, cells, newer=newer)
            if number % FLUSH == 0:
                db.flush()
                db.expunge_all()
        db.commit()
    return said


def record_marks(
    db: Any, page: Any, submission: Marked, cells: Mapping[str, str], *, newer: bool
) -> Iterator[str]:
    """The marks of one student; gives a sentence for each mark by hand that stands over a newer answer."""
    from nbgrader.api import Comment, Grade

    grades = {grade.cell_id: grade for grade in page.grades}
    comments = {comment.cell_id for comment in page.comments}
    for exercise, outcome in submission.outcomes.items():
        names = Gradable(exercise, 0.0, "", "")
        check, answer = cells[names.check_id], cells[names.answer_id]
        grade = grades.get(check)
        if grade is None:
            grade = Grade(cell_id=check, notebook_id=page.id)
            db.add(grade)
        changed = grade.auto_score != outcome.score
        grade.auto_score = outcome.score
        by_hand = grade.manual_score is not None
        grade.needs_manual_grade = by_hand and bool(changed or newer or grade.needs_manual_grade)
        if grade.needs_manual_grade:
            yield f"{submission.student}, {exercise}: a hand mark stands over a newer answer"
        if answer not in comments:
            db.add(Comment(cell_id=answer, notebook_id=page.id))


def new_id() -> str:
    """As nbgrader makes them."""
    return uuid.uuid4().hex


def auto_scores(course: Course, assignment: Assignment) -> dict[tuple[str, str], float]:
    """What the gradebook holds of earlier runs, marks by hand left out."""
    names = {Gradable(exercise, 0.0, "", "").check_id: exercise for exercise in assignment.exercises}
    with opened(course) as book:
        notebook = book.find_notebook(assignment.notebook, assignment.name)
        return {
            (page.assignment.student_id, names[grade.cell.name]): float(grade.auto_score)
            for page in notebook.submissions
            for grade in page.grades
            if grade.cell.name in names and grade.auto_score is not None
        }


def scores(course: Course, lates: Mapping[tuple[str, str], Late]) -> list[Score]:
    """Every exercise of every assignment for every student, also those who handed in nothing.

    Args:
        lates: how late a student was with an assignment, by (assignment, student).
    """
    found: list[Score] = []
    with opened(course) as book:
        students = sorted(student.id for student in book.students)
        for assignment in course.assignments():
            notebook = book.find_notebook(assignment.notebook, assignment.name)
            possible = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
            given = {
                page.assignment.student_id: {grade.cell.name: grade for grade in page.grades}
                for page in notebook.submissions
            }
            for student in students:
                late = lates.get((assignment.name, student), Late())
                for exercise in assignment.exercises:
                    name = Gradable(exercise, 0.0, "", "").check_id
                    grade = given.get(student, {}).get(name)
                    score = min(float(grade.score or 0.0), possible[name]) if grade is not None else 0.0
                    hand = ""
                    if grade is not None and grade.manual_score is not None:
                        hand = "by hand, over a newer answer" if grade.needs_manual_grade else "by hand"
                    found.append(
                        Score(
                            assignment=assignment.name,
                            chapter=assignment.chapter,
                            student=student,
                            exercise=exercise,
                            score=score,
                            possible=possible[name],
                            submitted=student in given,
                            hand=hand,
                            late=late.words,
                            penalty=late.penalty,
                        )
                    )
    return found


def comments(course: Course, assignment: Assignment) -> dict[tuple[str, str], str]:
    """What teachers wrote in formgrader, by student and exercise."""
    names = {Gradable(exercise, 0.0, "", "").answer_id: exercise for exercise in assignment.exercises}
    with opened(course) as book:
        notebook = book.find_notebook(assignment.notebook, assignment.name)
        return {
            (page.assignment.student_id, names[one.cell.name]): str(one.manual_comment)
            for page in notebook.submissions
            for one in page.comments
            if one.cell.name in names and one.manual_comment
        }


@contextmanager
def opened(course: Course, fresh: bool = False) -> Iterator[Any]:
    """The gradebook; what the database refuses becomes a sentence."""
    shown = str(sqlalchemy.make_url(course.db_url)) if "://" in course.db_url else course.db_url
    # nbgrader asks the program `alembic` for the version of a new gradebook; it lies beside this Python.
    os.environ["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    )
    try:
        if fresh:
            touch(course)
        check_version(course, fresh)
        from nbgrader.api import Gradebook

        with Gradebook(course.db_url, course.course_id) as book:
            yield book
    except ModuleNotFoundError as error:
        raise UserError(
            f"the database {shown} needs the Python package {error.name}; pip install it"
        ) from None
    except SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:200]
        if "disk is full" in reason or "disk I/O" in reason:
            raise UserError(
                f"the disk is full at {shown}; free some space and run the command again, nothing is lost"
            ) from None
        raise UserError(f"the gradebook {shown} cannot be used ({reason})") from None


def touch(course: Course) -> None:
    """An SQLite gradebook is its owner's alone from its first byte on."""
    url = sqlalchemy.make_url(course.db_url)
    if url.drivername.startswith("sqlite") and url.database:
        os.close(os.open(url.database, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def check_version(course: Course, fresh: bool) -> None:
    """Refuse a gradebook that another version of nbgrader made, before anything is written to it."""
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    url = sqlalchemy.make_url(course.db_url)
    if url.drivername.startswith("sqlite") and not fresh and not Path(url.database or "").is_file():
        raise UserError(
            f"the gradebook {url.database} is not there; restore it from a backup, or make a new course"
        )
    engine = sqlalchemy.create_engine(url)
    try:
        tables = sqlalchemy.inspect(engine).get_table_names()
        if "alembic_version" not in tables:
            if tables:
                raise UserError(
                    f"the database {url} holds other tables than a gradebook's; name an empty one"
                )
            if not fresh:
                raise UserError(
                    f"the gradebook {url} is empty; restore it from a backup, or make a new course"
                )
            return
        with engine.connect() as connection:
            found = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar()
    finally:
        engine.dispose()
    expected = ScriptDirectory(ALEMBIC_DIR).get_current_head()
    if found != expected:
        raise UserError(
            f"the gradebook {url} is of another version of nbgrader (it says {found}, expected {expected}); "
            "make a backup, then run `nbgrader db upgrade` in the course's folder"
        )
