"""The one judgement of an answer, used by `check` in the notebook and by the grader of a class."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.compare import FLOAT32_TOLERANCE, described, mismatch, other_kind
from paperlens.exercises.engine.exercise import Call, Case, Exercise, Misconception
from paperlens.exercises.engine.reference import Reference, copied
from paperlens.exercises.engine.report import LONGEST_LINE, AnswerError, Report, Result, one_line

SINGLE = {torch.float64: torch.float32, torch.complex128: torch.complex64}
FORM = "it returns what the contract says"
DOUBLE = "double precision in is computed in double precision"
UNCHANGED = "the inputs stay as they came in"


def judge(exercise: Exercise, call: Call, seed: int) -> Report:
    """Check the contract, the properties and the outputs at fresh inputs.

    Args:
        exercise: what was asked.
        call: calls the answer. It raises `AnswerError` when the answer fails in a way that it can tell. A
            remote call copies what the answer did to its arguments back into the tensors it was given, so
            that a changed input is seen here.
        seed: draws the inputs, sizes included: a fixed one in the notebook, a fresh one in a class.
    """
    return judge_by(Reference(exercise, seed), call)


def judge_by(reference: Reference, call: Call) -> Report:
    """The same, on inputs that other answers are judged by too."""
    judgement = _Judgement(reference, call)
    try:
        judgement.contract(reference.cases[0])
        judgement.properties(reference.generator())
        judgement.outputs(reference.cases)
    except AnswerError:
        pass  # final, and already among the results
    if judgement.changed:
        judgement.record(UNCHANGED, f"`{judgement.changed}` was changed in place; work on a new tensor")
    elif judgement.results[0].passed:
        judgement.record(UNCHANGED, None)
    return Report(
        exercise=reference.exercise.id,
        results=tuple(judgement.results),
        misconception=judgement.misconception(),
        case=judgement.failed,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Met:
    """What an answer returned at one case that the oracle answered too."""

    case: Case
    got: Any
    expected: Any


@dataclass(slots=True)
class _Judgement:
    reference: Reference
    call: Call
    results: list[Result] = field(default_factory=list)
    met: list[_Met] = field(default_factory=list)
    changed: str = ""
    asked: Case | None = None
    trail: list[_Met] = field(default_factory=list)
    failed: Case | None = None

    @property
    def exercise(self) -> Exercise:
        return self.reference.exercise

    def record(self, name: str, message: str | None, *, values: bool = False) -> None:
        """A verdict; a failed one keeps the input last asked for. `values` shows its few numbers too."""
        if message is None:
            self.results.append(Result(name=name, passed=True))
            return
        given = ""
        if self.asked is not None:
            self.failed = self.failed or self.asked
            args = (*self.asked.args, *self.asked.kwargs.values())
            names = [*self.exercise.arguments[: len(self.asked.args)], *self.asked.kwargs]
            if not self.asked.name or self.asked.name not in name:
                given = one_line(described(args, names, values), LONGEST_LINE // 2)
        text = one_line(message, LONGEST_LINE)
        self.results.append(Result(name=name, passed=False, message=text, given=given))

    def contract(self, case: Case) -> None:
        """Kind, shape and dtype, in double and in single precision; twice the same."""
        first = self._compare(FORM, case, self.reference.expected(case), tolerance=math.inf)
        if not self.results[-1].passed:
            return
        self._compare("the same input gives the same output", case, first, tolerance=1e-12)
        single = _single(case)
        if single is not None:
            expected = _to(self.reference.expected(_double(single)), SINGLE)
            self._compare("single precision in gives single precision out", single, expected, math.inf)
            self._keeps_double(single)

    def _keeps_double(self, single: Case) -> None:
        """Numbers that single precision cannot tell apart must be told apart in double precision, in each argument."""
        one = _double(single)
        plain = self.reference.expected(one)
        broken = None
        for position, value in enumerate(one.args):
            if not isinstance(value, Tensor) or value.dtype not in SINGLE or broken:
                continue
            args = (*one.args[:position], _nudged(value), *one.args[position + 1 :])
            other = Case(name=f"{one.name}, nudged {position}", args=args, kwargs=one.kwargs)
            if mismatch(self.reference.expected(other), plain, 1e-14) is None:
                continue  # what is asked for (a position, a count) does not depend on the last digits
            try:
                same = mismatch(self._ask(*args, **one.kwargs), self._ask(*one.args, **one.kwargs), 0.0)
            except AnswerError as error:
                self._failed(DOUBLE, error)
                return
            if same is None:
                broken = (
                    f"the digits of `{self.exercise.arguments[position]}` beyond single precision are lost inside: "
                    "look for `.float()`, `float32`, or a tensor made without a dtype"
                )
        self.record(DOUBLE, broken)

    def properties(self, rng: np.random.Generator) -> None:
        """The facts that explain the idea; pointless while the answer does not even have the right shape."""
        if not all(result.passed for result in self.results):
            return
        for each in self.exercise.properties:
            self.trail.clear()
            try:
                broken = each.holds(self._ask, rng)
                self.asked = self._culprit() if broken else self.asked
                self.record(each.name, broken, values=True)
            except AnswerError as error:
                self._failed(each.name, error)
            except (RuntimeError, ValueError, TypeError, IndexError, AttributeError):
                self.record(each.name, "what came back does not have the shape that the contract states")

    def _culprit(self) -> Case | None:
        """Of the inputs that a broken property asked for, the first that was answered wrongly."""
        for met in self.trail:
            with contextlib.suppress(RuntimeError, ValueError, TypeError, IndexError, ZeroDivisionError):
                expected = self.exercise.oracle(*copied(met.case.args, {})[0], **met.case.kwargs)
                if mismatch(met.got, expected, self.exercise.tolerance):
                    return met.case
        return self.asked

    def outputs(self, cases: list[Case]) -> None:
        """Agreement with the oracle at inputs that discriminate."""
        for case in cases:
            expected = self.reference.expected(case)
            got = self._compare(f"the output at {case.name}", case, expected)
            self.met.append(_Met(case, got, expected))
        single = _single(cases[0])
        if single is not None:
            # The reference is computed in double precision from the rounded input, then rounded itself.
            expected = _to(self.reference.expected(_double(single)), SINGLE)
            self._compare("the output in single precision", single, expected, FLOAT32_TOLERANCE)

    def misconception(self) -> str | None:
        """The known wrong version that explains most of the wrong outputs, if one explains more than half."""
        if all(result.passed for result in self.results):
            return None
        tolerance = self.exercise.tolerance
        wrong = [m for m in self.met if mismatch(m.got, m.expected, tolerance)]
        right = [m for m in self.met if m not in wrong]
        if not wrong:
            return None
        best, most = None, (len(wrong) // 2, len(self.met) + 1)
        for each in self.exercise.misconceptions:
            explained = 0
            for tried, m in enumerate(wrong):
                explained += self._agrees(each, m)
                if explained + len(wrong) - tried - 1 < most[0]:
                    break  # most known versions are out after a few inputs
            else:
                # Of two that explain the same wrong outputs, the one that is right where the answer is.
                found = (explained, explained + sum(self._agrees(each, m) for m in right))
                if found > most:
                    best, most = each.sentence, found
        return best

    def _agrees(self, version: Misconception, met: _Met) -> bool:
        return mismatch(met.got, self.reference.wrong(version, met.case), self.exercise.tolerance) is None

    def _compare(self, name: str, case: Case, expected: Any, tolerance: float | None = None) -> Any:
        """Ask once, record the verdict, and return what came back, if anything did."""
        try:
            got = self._ask(*case.args, **case.kwargs)
            self.asked = case
        except AnswerError as error:
            self.asked = case
            self._failed(name, error, expected)
            return error
        tolerance = self.exercise.tolerance if tolerance is None else tolerance
        self.record(name, mismatch(got, expected, tolerance, case.args))
        return got

    def _failed(self, name: str, error: AnswerError, expected: Any = None) -> None:
        told = bool(error.returned) and expected is not None
        self.record(name, other_kind(error.returned, expected) if told else error.sentence)
        if error.final:
            raise error

    def _ask(self, *args: Any, **kwargs: Any) -> Any:
        """Call the answer on copies, and see whether it wrote into them."""
        self.asked = Case(name="", args=args, kwargs=kwargs)
        copies, named = copied(args, kwargs)
        got = self.call(*copies, **named)
        given: Mapping[str, Any] = {**dict(zip(self.exercise.arguments, args, strict=False)), **kwargs}
        for (name, before), after in zip(given.items(), [*copies, *named.values()], strict=True):
            if isinstance(before, Tensor) and not torch.equal(before, after):
                self.changed = self.changed or name
        if self.exercise.any_float and isinstance(got, Tensor) and got.dtype == torch.float32:
            got = got.double()
        self.trail.append(_Met(self.asked, got, None))
        return got


def _to(value: Any, dtypes: Mapping[torch.dtype, torch.dtype]) -> Any:
    if isinstance(value, tuple):
        return tuple(_to(item, dtypes) for item in value)
    return value.to(dtypes.get(value.dtype, value.dtype)) if isinstance(value, Tensor) else value


def _single(case: Case) -> Case | None:
    """The case in single precision; None where nothing in it is of double precision."""
    args = _to(case.args, SINGLE)
    same = all(a is b for a, b in zip(args, case.args, strict=True))
    return None if same else Case(name=case.name, args=args, kwargs=case.kwargs)


def _double(case: Case) -> Case:
    double = {single: dtype for dtype, single in SINGLE.items()}
    return Case(name=f"{case.name}, single", args=_to(case.args, double), kwargs=case.kwargs)


def _nudged(value: Any) -> Any:
    """Every second number moved by less than single precision could hold."""
    if not isinstance(value, Tensor) or value.dtype not in SINGLE:
        return value
    nudges = 1 + (torch.arange(1, 1 + value.numel()) % 2).to(value.dtype) * 2.0**-40
    return value * nudges.reshape(value.shape)
