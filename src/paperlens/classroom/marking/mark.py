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
from paperlens.classroom.sandbox.call import Found, RemoteAnswer
from paperlens.classroom.sandbox.limits import Limits
from paperlens.classroom.terms import Terms
from paperlens.errors import UserError
from paperlens.exercises.catalogue import find as find_exercise
from paperlens.exercises.engine.exercise import Exercise
from paperlens.exercises.engine.judge import judge_by
from paperlens.exercises.engine.reference import Reference
from paperlens.exercises.engine.report import Report

ATTEMPTS = 3
HIDDEN_INPUT = "the output at an input that stays hidden"
VALUES = re.compile(r"got \S+, expected \S+( at \[[^\]]*\](; \d+ of \d+ values differ)?)?$")
PROBE: dict[str, Any] = {
    "cells": ["pass"],
    "marked": [0],
    "attempt": 0,
}  # defines nothing: a healthy sandbox calls it malformed


Answer = Callable[[Mapping[str, Any], Limits], Any]


def behind_the_wall(task: Mapping[str, Any], limits: Limits) -> RemoteAnswer:
    """The answer in this process's sandbox."""
    return RemoteAnswer(session.nursery(), task, limits)


def mark(
    cells: list[notebook.Cell],
    exercise_id: str,
    seed: int,
    limits: Limits,
    *,
    answer: Answer = behind_the_wall,
    terms: Terms | None = None,
) -> Outcome:
    """Run the answer of a notebook on fresh inputs drawn from `seed`, and judge.

    Where several functions may be the answer (a copy, an experiment, a first try), the one that works counts.
    """
    settle()
    reference = shared(exercise_id, seed)
    exercise = reference.exercise
    terms = terms or Terms(points=float(exercise.points))
    code = [cell for cell in cells if cell.code]
    marked = [number for number, cell in enumerate(code) if cell.exercise == exercise.id]
    task: dict[str, Any] = {"cells": [cell.source for cell in code], "marked": marked}
    task |= {"exercise": exercise.id, "function": exercise.function}
    best: Outcome | None = None
    tried = 0
    while True:
        outcome, found = attempted(reference, task | {"attempt": tried}, limits, answer, terms)
        if best is None or outcome.score > best.score:
            best, place = outcome, (tried, found)
        tried += 1
        if outcome.right or found is None or tried >= found.candidates:
            break
    if best.status == "missing" and any(not c.code and c.exercise == exercise.id for c in cells):
        best = nothing(exercise.id, terms.points, "malformed", "the answer cell is no longer a code cell")
    return replace(with_remarks(best, exercise, marked, *place), version=terms.version)


def attempted(
    reference: Reference, task: Mapping[str, Any], limits: Limits, answer: Answer, terms: Terms
) -> tuple[Outcome, Found | None]:
    """Judge one candidate; a sandbox that fails is started again."""
    exercise = reference.exercise
    reason: session.SandboxError | None = None
    for _ in range(ATTEMPTS):
        try:
            return judged(reference, task, limits, answer, terms)
        except session.SandboxError as failure:
            reason = failure
            session.restart()
    # Is it the machine, or this answer? A trivial one tells: on a broken machine nobody must get a false zero.
    probe = PROBE | {"exercise": exercise.id, "function": exercise.function}
    if judged(reference, probe, limits, answer, terms)[0].status == "malformed":
        return nothing(exercise.id, terms.points, "crashed", "broke its sandbox, three times"), None
    raise UserError(f"the sandbox failed {ATTEMPTS} times ({reason}); nothing graded so far is lost")


def judged(
    reference: Reference, task: Mapping[str, Any], limits: Limits, answer: Answer, terms: Terms
) -> tuple[Outcome, Found | None]:
    """Run and judge once."""
    exercise = reference.exercise
    start = time.monotonic()
    with answer(task, limits) as call:
        report = judged_safely(reference, call) if call.status is None else None
        status, sentence, notes = call.status, call.sentence, tuple(dict.fromkeys(call.notes))
        found: Found | None = call.found
        failed: str = call.failed
    seconds = round(time.monotonic() - start, 3)
    cell = found.cell if found else -1
    if status is not None or report is None:
        done = nothing(
            exercise.id,
            terms.points,
            status or "malformed",
            sentence or "what it returned could not be judged",
        )
        return replace(done, notes=notes, seconds=seconds, cell=cell), found
    report = without_hidden(report, exercise)
    first = next((result.name for result in report.results if not result.passed), "")
    held = sum(result.passed for result in report.results)
    return Outcome(
        exercise=exercise.id,
        status="graded",
        score=score(report, terms, exercise),
        possible=float(terms.points),
        lines=tuple(report.lines()),
        failed=first,
        misconception=report.misconception or "",
        notes=notes,
        seconds=seconds,
        cell=cell,
        held=held,
        checks=len(report.results),
        remark=f"a cell that the answer needs raised {failed}" if failed and not report.passed else "",
    ), found


def score(report: Report, terms: Terms, exercise: Exercise) -> float:
    """The points if everything holds; else none, or the share of the properties (all outputs together are one)."""
    if report.passed:
        return float(terms.points)
    if not terms.share:
        return 0.0
    public = {each.name for each in exercise.properties}
    kept = [result.passed for result in report.results if result.name in public]
    # A property that could not be asked any more is one that did not hold.
    return round(terms.points * sum(kept) / (len(public) + 1), 2)


def with_remarks(
    outcome: Outcome, exercise: Exercise, marked: list[int], tried: int, found: Found | None
) -> Outcome:
    """Tell student and teacher which of several functions was marked, and what it misses."""
    if found is None:
        return outcome
    said: list[str] = [outcome.remark] if outcome.remark else []
    where = f"cell {found.cell + 1} of the code cells"
    if found.candidates > 1 and outcome.right and tried:
        said.append(
            f"`{exercise.function}` is there {found.candidates} times; the one in {where} works and counts"
        )
    elif found.candidates > 1 and not found.stub:
        said.append(f"`{exercise.function}` is there {found.candidates} times; {where} was marked")
    elif marked and found.cell not in marked:
        said.append(f"answered in a cell of its own, {where}")
    if not outcome.right and found.unknown and not found.stub:
        names = ", ".join(f"`{name}`" for name in found.unknown)
        said.append(
            f"no cell defines {names}, which the answer uses; does it stand in a cell that was deleted?"
        )
    if not said:
        return outcome
    lines = (*outcome.lines, *(f"  Note: {text}." if text[-1] != "?" else f"  Note: {text}" for text in said))
    return replace(outcome, remark="; ".join(said), lines=lines)


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
        name = HIDDEN_INPUT if result.name.startswith("the output at ") else result.name
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
