"""One exercise of one student: the answer runs behind the wall, the judgement stays here."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from paperlens.classroom import notebook
from paperlens.classroom.sandbox import session, wire
from paperlens.classroom.sandbox.call import RemoteAnswer
from paperlens.classroom.sandbox.limits import Limits
from paperlens.errors import UserError
from paperlens.exercises import Exercise, Report, judge
from paperlens.exercises import find as find_exercise

STATUSES = ("graded", "missing", "timeout", "memory", "crashed", "malformed", "forbidden")
ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one exercise ended: its points if every property and every oracle input passed, else none."""

    exercise: str
    status: str
    score: float
    possible: float
    lines: tuple[str, ...]  # what the student reads
    failed: str = ""  # the first thing that did not hold
    misconception: str = ""
    notes: tuple[str, ...] = ()  # what the answer was seen trying, for the teacher
    remark: str = ""  # what had become of the cell, for the teacher
    seconds: float = 0.0

    def record(self) -> dict[str, Any]:
        """As plain values, for the journal."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Outcome":
        """Back from `record`."""
        lists = {name: tuple(record[name]) for name in ("lines", "notes")}
        return cls(**{**record, **lists})


Answer = Callable[[Mapping[str, Any], Limits], Any]


def behind_the_wall(task: Mapping[str, Any], limits: Limits) -> RemoteAnswer:
    """The answer in this process's sandbox."""
    return RemoteAnswer(session.nursery(), task, limits)


def mark(
    cells: list[notebook.Cell], exercise_id: str, seed: int, limits: Limits, answer: Answer = behind_the_wall
) -> Outcome:
    """Find the answer in the notebook, run it on fresh inputs drawn from `seed`, and judge."""
    exercise = remembering(exercise_id, seed)
    found = notebook.find(cells, exercise)
    if found.status is not None:
        return nothing(exercise, found.status, found.sentence)
    task = {"cells": found.support, "answer": found.answer, "function": exercise.function}
    for attempt in range(ATTEMPTS):
        try:
            return replace(judged(exercise, task, seed, limits, answer), remark=found.remark)
        except session.SandboxFailure as failure:
            if attempt + 1 == ATTEMPTS:
                raise UserError(
                    f"the sandbox failed {ATTEMPTS} times ({failure}); nothing graded so far is lost"
                ) from failure
            session.restart()
    raise AssertionError


def judged(exercise: Exercise, task: Mapping[str, Any], seed: int, limits: Limits, answer: Answer) -> Outcome:
    """Run and judge once."""
    start = time.monotonic()
    with answer(task, limits) as call:
        report = judged_safely(exercise, call, seed) if call.status is None else None
        status, sentence, notes = call.status, call.sentence, tuple(dict.fromkeys(call.notes))
    seconds = round(time.monotonic() - start, 3)
    if status is not None or report is None:
        done = nothing(exercise, status or "malformed", sentence or "what it returned could not be judged")
        return replace(done, notes=notes, seconds=seconds)
    first = next((result.name for result in report.results if not result.passed), "")
    return Outcome(
        exercise=exercise.id,
        status="graded",
        score=float(exercise.points) if report.passed else 0.0,
        possible=float(exercise.points),
        lines=tuple(report.lines()),
        failed=first,
        misconception=report.misconception or "",
        notes=notes,
        seconds=seconds,
    )


def judged_safely(exercise: Exercise, call: Callable[..., Any], seed: int) -> Report | None:
    """The report, or None when the judgement stumbled over what came back: that is the answer's fault."""
    try:
        return judge(exercise, call, seed)
    except session.SandboxFailure:
        raise
    except Exception:  # noqa: BLE001  a batch never ends because of one answer
        return None


def nothing(exercise: Exercise, status: str, sentence: str) -> Outcome:
    """No points, and one sentence why."""
    lines = (f"{exercise.id}: {status}.", f"  {sentence}")
    return Outcome(
        exercise=exercise.id,
        status=status,
        score=0.0,
        possible=float(exercise.points),
        lines=lines,
        failed=sentence,
    )


@cache
def remembering(exercise_id: str, seed: int) -> Exercise:
    """The exercise with a reference that is computed once per input: all students of a run get the same inputs."""
    exercise = find_exercise(exercise_id)
    wrong = tuple(replace(each, function=memo(each.function)) for each in exercise.misconceptions)
    return replace(exercise, oracle=memo(exercise.oracle), misconceptions=wrong)


def memo(function: Callable[..., Any]) -> Callable[..., Any]:
    """Remember outputs, and errors, by the contents of the inputs."""
    known: dict[bytes, tuple[Any, Exception | None]] = {}

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            key = hashlib.sha256(wire.encode((args, kwargs))).digest()
        except wire.Malformed:
            return function(*args, **kwargs)
        if key not in known:
            try:
                known[key] = (function(*args, **kwargs), None)
            except (RuntimeError, ValueError, IndexError) as error:
                known[key] = (None, error)
        value, error = known[key]
        if error is not None:
            raise error
        return copied(value)

    return call


def copied(value: Any) -> Any:
    """A value that may be changed without changing what is remembered."""
    if isinstance(value, tuple):
        return tuple(copied(item) for item in value)
    return value.clone() if hasattr(value, "clone") else value
