"""Take in what was handed in: one notebook per student, the latest; everything is listed, nothing is lost."""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from paperlens.classroom import durable
from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.intake import arrivals
from paperlens.classroom.intake.arrivals import Handed
from paperlens.classroom.intake.notebook import MAX_BYTES
from paperlens.classroom.output import gradebook
from paperlens.errors import UserError

TIME = "%Y-%m-%d %H:%M:%S.%f UTC"  # as nbgrader writes it
REJECTED = "rejected.json"


@dataclass(slots=True)
class Collected:
    """What a collection did, in lines for the teacher."""

    taken: int = 0
    unchanged: int = 0
    lines: list[str] = field(default_factory=list)


def collect(course: Course, assignment: Assignment, place: Path) -> Collected:
    """Copy the latest submission of each student at `place`; one that is there gives way to a later one only."""
    found = arrivals.handed_in(place, assignment.name, assignment.notebook, course.course_id)
    by_student: dict[str, list[Handed]] = defaultdict(list)
    for one in found:
        by_student[one.student].append(one)
    refuse_lookalikes(found)
    done = Collected()
    for student, several in sorted(by_student.items()):
        ranked = sorted(several, key=lambda one: (not one.problem, one.time, matches(one, assignment)))
        latest = ranked[-1]
        if len(ranked) > 1:
            done.lines.append(f"{student} handed in {len(ranked)} times; the latest counts:")
            done.lines += [
                f"  {one.time:%Y-%m-%d %H:%M} {one.label}{' <- counts' if one is latest else ''}"
                for one in ranked
            ]
        store(course, assignment, latest, done)
    gradebook.add_students(course, sorted(by_student))
    return done


def matches(one: Handed, assignment: Assignment) -> bool:
    """Does the file bear the released notebook's name? Decides between files of the same time."""
    return Path(one.label).stem == assignment.notebook


def refuse_lookalikes(found: list[Handed]) -> None:
    """Two students who would share an id, or differ in case alone, are not guessed apart."""
    seen: dict[str, str] = {}
    for one in found:
        other = seen.setdefault(one.student.casefold(), one.name)
        if other != one.name:
            raise UserError(
                f"duplicate students: {other!r} and {one.name!r} would both be {one.student}; rename one of them"
            )


def store(course: Course, assignment: Assignment, one: Handed, done: Collected) -> None:
    """Put one submission into its place, unless the same or a later one is there."""
    folder = course.submitted(one.student, assignment)
    before = stored_time(folder)
    problem, data = one.problem, b""
    if not problem:
        try:
            data = one.read()
        except (OSError, ValueError, RuntimeError, NotImplementedError, EOFError) as error:
            problem = f"what was handed in cannot be read ({type(error).__name__})"
        if len(data) > MAX_BYTES:
            problem = arrivals.too_large(len(data))
    if problem:
        done.lines.append(f"{one.student}: {problem} ({one.label})")
    notebook = folder / f"{assignment.notebook}.ipynb"
    if before is not None and before > one.time:
        done.lines.append(
            f"{one.student}: kept the submission of {before:%Y-%m-%d %H:%M}, "
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
        done.unchanged += 1
        return
    if before is not None:
        done.lines.append(
            f"{one.student}: {one.time:%Y-%m-%d %H:%M} {one.label} replaces the submission of {before:%Y-%m-%d %H:%M}"
        )
    if problem:
        durable.write_json(folder / REJECTED, {"problem": problem, "label": one.label})
        notebook.unlink(missing_ok=True)
    else:
        durable.write(notebook, data)
        (folder / REJECTED).unlink(missing_ok=True)
    if one.platform_id:
        durable.write(folder / "platform.txt", one.platform_id)
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
    time = stored_time(folder) or datetime.fromtimestamp(0, UTC)
    try:
        if (folder / REJECTED).is_file():
            return Submission(
                student,
                time,
                b"",
                str(json.loads((folder / REJECTED).read_text(encoding="utf-8"))["problem"]),
            )
        notebooks = [folder / f"{assignment.notebook}.ipynb"]
        if not notebooks[0].is_file():  # nbgrader's own collect keeps the student's file name
            notebooks = sorted(path for path in folder.glob("*.ipynb") if not path.is_symlink())
        if not notebooks or notebooks[0].is_symlink():
            return Submission(student, time, b"", arrivals.NOTHING)
        if notebooks[0].stat().st_size > MAX_BYTES:
            return Submission(student, time, b"", arrivals.too_large(notebooks[0].stat().st_size))
        return Submission(student, time, notebooks[0].read_bytes(), "")
    except OSError as error:
        return Submission(student, time, b"", f"what was handed in cannot be read ({error.strerror})")


def digest(data: bytes) -> str:
    """A short name for these bytes."""
    return hashlib.sha256(data).hexdigest()[:32]
