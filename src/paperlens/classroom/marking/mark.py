"""One exercise of one student: the answer runs behind the wall, the judgement stays here."""

import gc
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import torch

from paperlens.classroom.intake import notebook
from paperlens.classroom.marking.outcome import Outcome, nothing
from paperlens.classroom.sandbox import session
from paperlens.classroom.sandbox.call import RemoteAnswer
from paperlens.classroom.sandbox.limits import Limits
from paperlens.errors import UserError
from paperlens.exercises.catalogue import find as find_exercise
from paperlens.exercises.engine.exercise import Exercise
from paperlens.exercises.engine.judge import judge_by
from paperlens.exercises.engine.reference import Reference
from paperlens.exercises.engine.report import Report

ATTEMPTS = 3
HIDDEN_INPUT = "at an input that stays hidden"
VALUES = re.compile(r"got \S+, expected \S+( at \[[^\]]*\](; \d+ of \d+ values differ)?)?$")
PROBE: dict[str, Any] = {
    "cells": [],
    "answer": ["pass"],
}  # defines nothing: a healthy sandbox calls it malformed


Answer = Callable[[Mapping[str, Any], Limits], Any]


def behind_the_wall(task: Mapping[str, Any], limits: Limits) -> RemoteAnswer:
    """The answer in this process's sandbox."""
    return RemoteAnswer(session.nursery(), task, limits)


def mark(
    cells: list[notebook.Cell], exercise_id: str, seed: int, limits: Limits, answer: Answer = behind_the_wall
) -> Outcome:
    """Find the answer in the notebook, run it on fresh inputs drawn from `seed`, and judge."""
    settle()
    reference = shared(exercise_id, seed)
    exercise = reference.exercise
    found = notebook.find(cells, exercise)
    if found.status is not None:
        return nothing(exercise.id, exercise.points, found.status, found.sentence)
    task = {"cells": found.support, "answer": found.answer, "function": exercise.function}
    reason: session.SandboxError | None = None
    for _ in range(ATTEMPTS):
        try:
            return replace(judged(reference, task, limits, answer), remark=found.remark)
        except session.SandboxError as failure:
            reason = failure
            session.restart()
    # Is it the machine, or this answer? A trivial one tells: on a broken machine nobody must get a false zero.
    if judged(reference, PROBE | {"function": exercise.function}, limits, answer).status == "malformed":
        return nothing(exercise.id, exercise.points, "crashed", "broke its sandbox, three times")
    raise UserError(f"the sandbox failed {ATTEMPTS} times ({reason}); nothing graded so far is lost")


def judged(reference: Reference, task: Mapping[str, Any], limits: Limits, answer: Answer) -> Outcome:
    """Run and judge once."""
    exercise = reference.exercise
    start = time.monotonic()
    with answer(task, limits) as call:
        report = judged_safely(reference, call) if call.status is None else None
        status, sentence, notes = call.status, call.sentence, tuple(dict.fromkeys(call.notes))
    seconds = round(time.monotonic() - start, 3)
    if status is not None or report is None:
        done = nothing(
            exercise.id,
            exercise.points,
            status or "malformed",
            sentence or "what it returned could not be judged",
        )
        return replace(done, notes=notes, seconds=seconds)
    report = without_hidden(report, exercise)
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


def judged_safely(reference: Reference, call: Callable[..., Any]) -> Report | None:
    """The report, or None when the judgement stumbled over what came back: that is the answer's fault."""
    try:
        return judge_by(reference, call)
    except session.SandboxError:
        raise
    except Exception:
        return None


def without_hidden(report: Report, exercise: Exercise) -> Report:
    """The report without hidden inputs and references; properties are public, and stay as `check` prints them."""
    public = {each.name for each in exercise.properties}
    results = []
    for result in report.results:
        name = HIDDEN_INPUT if result.name.startswith("at ") else result.name
        shown = (
            result.message
            if result.name in public
            else VALUES.sub(r"the values differ from the reference\2", result.message)
        )
        results.append(replace(result, name=name, message=shown))
    return replace(report, results=tuple(results))


@cache
def settle() -> None:
    """Once in a grading process: one thread for many small operations, and no search for garbage in all of torch."""
    torch.set_num_threads(1)  # more threads would only wait for each other
    gc.collect()
    gc.freeze()


@cache
def shared(exercise_id: str, seed: int) -> Reference:
    """All students of a run get the same inputs, so that the reference is computed once per input."""
    return Reference(find_exercise(exercise_id), seed)
