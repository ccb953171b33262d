"""How an assignment counts: which exercises, their points, when it is due, what lateness costs, how much is told."""

import ast
import csv
import hashlib
import inspect
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path

from paperlens.errors import UserError
from paperlens.exercises.catalogue import find
from paperlens.exercises.engine import compare, judge
from paperlens.exercises.engine.exercise import Exercise

TELL = ("all", "property", "points")
EXTENSIONS = "extensions.csv"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How one exercise counts."""

    points: float
    share: bool = False  # the share of the properties that hold, instead of all or nothing
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """By how much a submission is late; nothing costs anything where no deadline was set."""

    days: int = 0  # begun
    penalty: float = 0.0  # the share of the points that it costs, 1.0 where it came too late to count

    @property
    def words(self) -> str:
        """`2 days late`, or nothing."""
        return f"{self.days} day{'s' if self.days > 1 else ''} late" if self.days else ""


def version(exercise: Exercise, points: float, *, share: bool) -> str:
    """Changes when the contract, the checks or what they count change; comments and layout do not count."""
    total = hashlib.sha256(repr((exercise.id, exercise.parameters, exercise.summary, points, share)).encode())
    modules = {
        sys.modules[exercise.oracle.__module__],
        sys.modules[exercise.cases.__module__],
        judge,
        compare,
    }
    for module in sorted(modules, key=lambda one: one.__name__):
        total.update(ast.dump(ast.parse(inspect.getsource(module))).encode())
    return total.hexdigest()[:16]


def chosen_points(exercises: tuple[str, ...], told: str) -> tuple[float, ...]:
    """`metrics.psnr=3,ssim=5` over the exercises' own points."""
    points = {exercise: float(find(exercise).points) for exercise in exercises}
    for item in filter(None, told.split(",")):
        name, _, value = item.partition("=")
        exercise = named(name.strip(), exercises)
        try:
            points[exercise] = float(value)
        except ValueError:
            raise UserError(f"--points {item}: expected EXERCISE=NUMBER, such as {exercise}=3") from None
        if not 0 <= points[exercise] <= 1000:
            raise UserError(f"--points {item}: expected a number from 0 to 1000")
    return tuple(points[exercise] for exercise in exercises)


def chosen_exercises(exercises: tuple[str, ...], told: str) -> tuple[str, ...]:
    """`metrics.psnr,ssim`, in the chapter's order; all of them where nothing is said."""
    if not told.strip():
        return exercises
    wanted = {named(name.strip(), exercises) for name in told.split(",") if name.strip()}
    return tuple(exercise for exercise in exercises if exercise in wanted)


def named(name: str, exercises: tuple[str, ...]) -> str:
    """An exercise by its id, or by its function alone."""
    found = [one for one in exercises if name in (one, one.rpartition(".")[2])]
    if len(found) != 1:
        raise UserError(f"{name!r} is no exercise of this chapter; there are {', '.join(exercises)}")
    return found[0]


def moment(text: str) -> datetime | None:
    """`2026-12-01 23:59`, UTC unless it says another zone; None where nothing is said."""
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserError(
            f"{text!r} is no date; expected something like 2026-12-01 23:59 or 2026-12-01T23:59+01:00"
        ) from None
    if len(text.strip()) <= len("2026-12-01"):
        found += timedelta(hours=23, minutes=59, seconds=59)  # a day ends at its end
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def extensions(root: Path, assignment: str) -> dict[str, datetime]:
    """Later deadlines of single students: `extensions.csv` in the course, with student, chapter and due."""
    path = root / EXTENSIONS
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if rows and not {"student", "chapter", "due"} <= rows[0].keys():
        raise UserError(f"{path} has no columns student,chapter,due; found {','.join(map(str, rows[0]))}")
    found: dict[str, datetime] = {}
    for row in rows:
        due = moment(row["due"] or "")
        if (row["chapter"] or "").strip() == assignment and due is not None:
            found[(row["student"] or "").strip()] = due
    return found


def lateness(
    due: datetime | None,
    handed_in: datetime | None,
    *,
    said_late: bool,
    penalty: float,
    cut_off: float | None,
) -> Late:
    """How late, and what it costs. `handed_in` is None where nobody but a file's date says when it was.

    Args:
        penalty: percent of the points for every day begun.
        cut_off: days after which nothing counts; None for never.
    """
    late = handed_in - due if due is not None and handed_in is not None else timedelta(0)
    days = ceil(late / DAY) if late > timedelta(0) else 0
    days = max(days, int(said_late and due is not None))
    if not days:
        return Late()
    too_late = cut_off is not None and (late > cut_off * DAY or (cut_off == 0 and said_late))
    return Late(days=days, penalty=1.0 if too_late else min(1.0, days * penalty / 100))
