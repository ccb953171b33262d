"""Every outcome on its own line, written before it counts: a run that is killed loses and repeats nothing.

The file is synced to the disk every second and at every beginning and end: a loss of power costs the last second's
work, which the next run does again on the same inputs. A line is `{"run": …, "seed": …, "regrade": …}` when a run
begins, `{"end": run}` when it has ended, or one exercise of one student. The seed of a run is secret and fresh, so
that what one feedback shows helps nobody in the next.
"""

import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.intake.collect import submission
from paperlens.classroom.marking.outcome import Outcome
from paperlens.errors import UserError

SYNC_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Work:
    """One exercise of one handed-in file."""

    student: str
    digest: str  # of the file, so that a later submission is new work
    exercise: str


class Journal:
    """Append-only; open in one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes: dict[Work, Outcome] = {}  # all that was ever graded, the last word on each
        self.done: dict[Work, Outcome] = {}  # what the present run need not grade
        self.seed = secrets.randbits(63)
        self.run = ""
        self.descriptor = -1
        self.safe = 0  # bytes that are on the disk
        self.due = 0.0  # when the rest is to be, by the clock of `time.monotonic`

    def __enter__(self) -> "Journal":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.descriptor)
            raise UserError(
                f"another grader is at work on {self.path.stem}; wait until it has ended"
            ) from None
        self.read()
        self.sync()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.sync()
        finally:
            os.close(self.descriptor)

    def read(self) -> None:
        """Take up what was written; a last line that a kill cut off is taken away."""
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.ftruncate(self.descriptor, whole)
        for line in data[:whole].splitlines():
            self.take(json.loads(line))

    def take(self, line: dict[str, Any]) -> None:
        """What a line means for the run."""
        if "run" in line:
            self.run, self.seed = line["run"], line["seed"]
            self.done = {} if line["regrade"] else dict(self.outcomes)
        elif "end" in line:
            self.run = ""
        else:
            work = Work(line["student"], line["digest"], line["outcome"]["exercise"])
            self.outcomes[work] = self.done[work] = Outcome.from_record(line["outcome"])

    def begin(self, regrade: bool = False) -> None:
        """Go on with a run that was cut off, or begin one with a fresh seed; `regrade` grades again what was graded."""
        if not self.run:
            self.append({"run": secrets.token_hex(8), "seed": secrets.randbits(63), "regrade": regrade})
            self.sync()

    def add(self, work: Work, outcome: Outcome) -> None:
        """Note one outcome; a kill does not undo it, and a second later a loss of power does not either."""
        self.append({"student": work.student, "digest": work.digest, "outcome": outcome.record()})
        if time.monotonic() >= self.due:
            self.sync()

    def end(self) -> None:
        """Note that the run has ended and reached the gradebook."""
        self.append({"end": self.run})
        self.sync()

    def sync(self) -> None:
        """Bring to the disk what was written, or take it back."""
        try:
            os.fsync(self.descriptor)
        except OSError as error:
            os.ftruncate(self.descriptor, self.safe)
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        self.safe = os.fstat(self.descriptor).st_size
        self.due = time.monotonic() + SYNC_SECONDS

    def append(self, line: dict[str, Any]) -> None:
        """Write one line as a whole, or leave the file as it was."""
        data = json.dumps(line, ensure_ascii=True).encode() + b"\n"
        start = os.fstat(self.descriptor).st_size
        try:
            if os.write(self.descriptor, data) != len(data):
                raise OSError(28, "No space left on device", str(self.path))
        except OSError as error:
            os.ftruncate(self.descriptor, start)  # half a line must not stand before the next
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        self.take(line)

    def exercise_seed(self, exercise: str) -> int:
        """The seed of one exercise in this run, the same for all students."""
        digest = hashlib.sha256(f"{self.seed}:{exercise}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1


def latest(course: Course, assignment: Assignment) -> dict[Work, Outcome]:
    """The outcomes of the submissions that count, in the order of students and exercises."""
    known = outcomes(course.root / "journal" / f"{assignment.name}.jsonl")
    found: dict[Work, Outcome] = {}
    for student in course.students_of(assignment):
        digest = submission(course, assignment, student).digest
        works = [Work(student, digest, exercise) for exercise in assignment.exercises]
        found |= {work: known[work] for work in works if work in known}
    return found


def outcomes(path: Path) -> dict[Work, Outcome]:
    """What a journal holds, read without writing: for reports and exports."""
    found: dict[Work, Outcome] = {}
    for line in lines(path):
        if "outcome" in line:
            found[Work(line["student"], line["digest"], line["outcome"]["exercise"])] = Outcome.from_record(
                line["outcome"]
            )
    return found


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a journal."""
    data = path.read_bytes() if path.exists() else b""
    for line in data[: data.rfind(b"\n") + 1].splitlines():
        yield json.loads(line)
