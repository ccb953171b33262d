"""Take in what was handed in: one notebook per student, the latest; everything is listed, nothing is lost."""

import contextlib
import hashlib
import json
import re
import zlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from paperlens.classroom import durable
from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.intake import arrivals
from paperlens.classroom.intake.arrivals import Handed, Wanted
from paperlens.classroom.intake.notebook import MAX_BYTES, decoded, from_python
from paperlens.classroom.intake.people import Roster, shown, student_id
from paperlens.classroom.output import gradebook
from paperlens.classroom.terms import Late, extensions, lateness, moment
from paperlens.errors import UserError

TIME = "%Y-%m-%d %H:%M:%S.%f UTC"  # as nbgrader writes it
REJECTED = "rejected.json"
ARRIVAL = "arrival.json"
TRUSTED = (arrivals.EXCHANGE_TIME, arrivals.MOODLE_TIME, "told")  # Canvas says "late" instead
READING = (OSError, ValueError, RuntimeError, NotImplementedError, EOFError)  # what reading a file can raise


@dataclass(slots=True)
class Collected:
    """What a collection did, in lines for the teacher."""

    taken: int = 0
    unchanged: int = 0
    lines: list[str] = field(default_factory=list)


def collect(
    course: Course, assignment: Assignment, place: Path, *, trust_file_times: bool = False
) -> Collected:
    """Copy the submission that counts of each student at `place`; one that is there gives way to a later one only.

    Everybody who occurs at `place` or in the gradebook is in the lines, with what was found of them.
    """
    roster = Roster(gradebook.people(course))
    others = [one.name for one in course.assignments() if one.name != assignment.name]
    wanted = Wanted(assignment.name, assignment.notebook, course.course_id, others, roster.ids)
    found = arrivals.handed_in(place, wanted)
    if trust_file_times:
        found.handed = [
            replace(one, time_from="told") if one.time_from == arrivals.FILE_TIME else one
            for one in found.handed
        ]
    done = Collected()
    by_student = owners(found.handed, roster, done)
    for student, several in sorted(by_student.items()):
        ranked = ranking(several, assignment)
        counts = ranked[-1]
        if len(ranked) > 1:
            done.lines.append(f"{student} handed in {len(ranked)} times; the latest counts:")
            done.lines += [
                f"  {one.time:%Y-%m-%d %H:%M} {one.label}{' <- counts' if one is counts else ''}"
                for one in ranked
            ]
        store(course, assignment, student, counts, done)
    gradebook.add_students(
        course, {student: shown(several[0].name) for student, several in sorted(by_student.items())}
    )
    done.lines += [f"belongs to nobody: {label}" for label in found.strays]
    absent = [student for student in roster.ids if student not in by_student]
    for student in absent:
        there = course.submitted(student, assignment).is_dir()
        done.lines.append(f"{student}: {'not in this collection' if there else 'nothing was handed in'}")
    return done


def owners(found: list[Handed], roster: Roster, done: Collected) -> dict[str, list[Handed]]:
    """Whose each is. Every name that is not kept as it was is said; two names never become one student unsaid."""
    by_student: dict[str, list[Handed]] = defaultdict(list)
    names: dict[str, str] = {}  # student -> the name that was found
    for one in sorted(
        found, key=lambda one: one.name != student_id(one.name)
    ):  # who needs no new name, first
        student = roster.match(one.name)
        if (
            names.setdefault(student, one.name) != one.name
        ):  # another name that would be the same student: kept apart
            student = student_id(one.name)
        if names.setdefault(student, one.name) != one.name:  # "a b" beside "a_b"
            student = f"{student[:80]}_{zlib.crc32(one.name.encode('utf-8', 'replace')):08x}"
            names[student] = one.name
        by_student[student].append(one)
    refuse_lookalikes(names)
    for student, name in sorted(names.items()):
        if student != name:
            done.lines.append(f"{shown(name)} is listed as {student}")
    return by_student


def refuse_lookalikes(names: dict[str, str]) -> None:
    """Two students who differ in case alone are not guessed apart."""
    seen: dict[str, str] = {}
    for student in names:
        other = seen.setdefault(student.casefold(), student)
        if other != student:
            raise UserError(
                f"duplicate students: {other!r} and {student!r} differ in nothing but case; rename one of them"
            )


def ranking(several: list[Handed], assignment: Assignment) -> list[Handed]:
    """The one that counts comes last: readable, with the chapter's exercises in it, a notebook, the latest."""
    if len(several) == 1:
        return several
    return sorted(
        several,
        key=lambda one: (
            not one.problem,
            not one.problem and holds(one, assignment),
            one.time,
            one.label.endswith(".ipynb"),
            matches(one, assignment),
        ),
    )


def holds(one: Handed, assignment: Assignment) -> bool:
    """Does the file name an exercise of the assignment, or define its function?"""
    try:
        text = decoded(one.read()[:MAX_BYTES])
    except READING:
        return False
    functions = [re.escape(exercise.rpartition(".")[2]) for exercise in assignment.exercises]
    ids = [re.escape(exercise) for exercise in assignment.exercises]
    return re.search(rf"def ({'|'.join(functions)})\b|\b({'|'.join(ids)})\b", text) is not None


def matches(one: Handed, assignment: Assignment) -> bool:
    """Does the file bear the released notebook's name? Decides between files of the same time."""
    return Path(one.label).stem == assignment.notebook


def store(course: Course, assignment: Assignment, student: str, one: Handed, done: Collected) -> None:
    """Put one submission into its place, unless the same or a later one is there."""
    folder = course.submitted(student, assignment)
    before = stored_time(folder)
    problem, data = one.problem, b""
    if not problem:
        try:
            data = one.read()
        except READING as error:
            problem = f"what was handed in cannot be read ({type(error).__name__})"
        if len(data) > MAX_BYTES:
            problem, data = arrivals.too_large(len(data)), b""
        if data and one.label.lower().endswith(".py"):
            data = from_python(data)
    notebook = folder / f"{assignment.notebook}.ipynb"
    if problem == arrivals.NOTHING and before is not None:
        done.lines.append(
            f"{student}: no notebook this time; the submission of {before:%Y-%m-%d %H:%M} stays"
        )
        done.unchanged += 1
        return
    if before is not None and before > one.time:
        done.lines.append(
            f"{student}: kept the submission of {before:%Y-%m-%d %H:%M}, "
            f"later than {one.time:%Y-%m-%d %H:%M} {one.label}"
        )
        done.unchanged += 1
        return
    if (
        before is not None
        and not problem
        and notebook.is_file()
        and digest(notebook.read_bytes()) == digest(data)
    ):
        done.lines.append(f"{student}: {one.label}, was there already")
        done.unchanged += 1
        return
    if before is not None:
        done.lines.append(
            f"{student}: {one.time:%Y-%m-%d %H:%M} {one.label} replaces the submission of {before:%Y-%m-%d %H:%M}"
        )
    else:
        done.lines.append(f"{student}: {problem + ' (' + one.label + ')' if problem else one.label}")
    if problem:
        durable.write_json(folder / REJECTED, {"problem": problem, "label": one.label}, sync=False)
        notebook.unlink(missing_ok=True)
    else:
        durable.write(notebook, data, sync=False)
        (folder / REJECTED).unlink(missing_ok=True)
    if one.platform_id:
        durable.write(folder / "platform.txt", one.platform_id, sync=False)
    about = {
        "name": shown(one.name),
        "label": one.label,
        "time_from": one.time_from,
        "said_late": one.said_late,
    }
    durable.write_json(folder / ARRIVAL, about, sync=False)
    durable.write(folder / "timestamp.txt", one.time.strftime(TIME))
    done.taken += 1


def stored_time(folder: Path) -> datetime | None:
    """When the submission in this folder was handed in; None where there is none."""
    try:
        return datetime.strptime(
            (folder / "timestamp.txt").read_text(encoding="utf-8").strip(), TIME
        ).replace(tzinfo=UTC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Submission:
    """A student's submission as the grader finds it."""

    student: str
    time: datetime
    data: bytes
    problem: str
    time_from: str = arrivals.FILE_TIME
    said_late: bool = False

    @property
    def known_time(self) -> datetime | None:
        """When it was handed in, where somebody says so; a file's own date is a guess."""
        return self.time if self.time_from in TRUSTED else None

    @property
    def handed_in(self) -> bool:
        """There was something, be it unreadable."""
        return self.problem != arrivals.NOTHING

    @property
    def status(self) -> str:
        """Missing or malformed, for one that cannot be read."""
        return "missing" if self.problem == arrivals.NOTHING else "malformed"

    @property
    def digest(self) -> str:
        """Tells one version of a submission from another."""
        return digest(self.data + self.problem.encode())


def submission(course: Course, assignment: Assignment, student: str) -> Submission:
    """Read what was collected; what is not readable is a problem of that student alone."""
    folder = course.submitted(student, assignment)
    found = Submission(student, stored_time(folder) or datetime.fromtimestamp(0, UTC), b"", arrivals.NOTHING)
    try:
        with contextlib.suppress(FileNotFoundError, ValueError):
            about = json.loads((folder / ARRIVAL).read_text(encoding="utf-8"))
            found = replace(found, time_from=str(about["time_from"]), said_late=bool(about["said_late"]))
        if (folder / REJECTED).is_file():
            rejected = json.loads((folder / REJECTED).read_text(encoding="utf-8"))
            return replace(found, problem=str(rejected["problem"]))
        notebooks = [folder / f"{assignment.notebook}.ipynb"]
        if not notebooks[0].is_file():  # nbgrader's own collect keeps the student's file name
            notebooks = sorted(path for path in folder.glob("*.ipynb") if not path.is_symlink())
        if not notebooks or notebooks[0].is_symlink():
            return found
        if not (folder / ARRIVAL).exists():  # collected by nbgrader, whose exchange knows the time
            found = replace(found, time_from=arrivals.EXCHANGE_TIME)
        if notebooks[0].stat().st_size > MAX_BYTES:
            return replace(found, problem=arrivals.too_large(notebooks[0].stat().st_size))
        return replace(found, data=notebooks[0].read_bytes(), problem="")
    except OSError as error:
        return replace(found, problem=f"what was handed in cannot be read ({error.strerror})")


def lates(course: Course, assignment: Assignment) -> dict[str, Late]:
    """How late each student was who handed in something."""
    due, later = moment(assignment.due), extensions(course.root, assignment.name)
    found: dict[str, Late] = {}
    for student in course.students_of(assignment) if due else ():
        one = about(course, assignment, student)
        found[student] = lateness(
            later.get(student, due),
            one.known_time,
            said_late=one.said_late and student not in later,  # the platform does not know of ours
            penalty=assignment.penalty,
            cut_off=assignment.cut_off,
        )
    return found


def about(course: Course, assignment: Assignment, student: str) -> Submission:
    """What is known of a submission without reading its notebook."""
    folder = course.submitted(student, assignment)
    found = Submission(student, stored_time(folder) or datetime.fromtimestamp(0, UTC), b"", "")
    if (folder / REJECTED).is_file():
        with contextlib.suppress(ValueError, KeyError):
            rejected = json.loads((folder / REJECTED).read_text(encoding="utf-8"))
            found = replace(found, problem=str(rejected["problem"]))
    elif not list(folder.glob("*.ipynb")):
        found = replace(found, problem=arrivals.NOTHING)
    try:
        told = json.loads((folder / ARRIVAL).read_text(encoding="utf-8"))
        return replace(found, time_from=str(told["time_from"]), said_late=bool(told["said_late"]))
    except (OSError, ValueError, KeyError):
        return replace(found, time_from=arrivals.EXCHANGE_TIME)


def digest(data: bytes) -> str:
    """A short name for these bytes."""
    return hashlib.sha256(data).hexdigest()[:32]
