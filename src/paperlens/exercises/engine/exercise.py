"""What an exercise is: a contract, inputs that discriminate, properties, and the known ways to get it wrong.

Everything here is plain data and plain functions, so that the same object judges an answer in the notebook
(a local call) and in a class (a call that crosses into a sandbox). Nothing may look inside the answer: a
property calls it, as often as it needs to, and looks at what comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Call = Callable[..., Any]
"""Calls the student's function, here or in a sandbox: tensors and plain values in, the like out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input. `name` finishes the sentence "at ..." for a student: "two images of 13 x 18, range 255"."""

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)


def case(name: str, *args: Any) -> Case:
    """One input by its name and its arguments in order."""
    return Case(name=name, args=args)


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A fact that explains the idea, without a reference: `holds` returns None, or says what broke."""

    name: str
    holds: Callable[[Call, np.random.Generator], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Misconception:
    """A known wrong version; `sentence` names it when an answer's outputs agree with `function`'s."""

    sentence: str
    function: Call


def wrong(sentence: str, function: Call) -> Misconception:
    """A wrong version and the sentence that names it: "the scale is missing", `lambda q, k, v: ...`."""
    return Misconception(sentence=sentence, function=function)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One function to write.

    Args:
        id: "prefix.function"; the part after the dot is the function's name.
        parameters: the signature between the brackets, "prediction, target, eps=1e-3".
        summary: the contract, in the words the student reads: shapes, dtypes, conventions; Markdown with $formulas$.
        minutes: the time a student should need.
        difficulty: 1 (fill a line) to 5.
        importance: 1 (nice to have) to 5 (the chapter's idea).
        points: what it counts in a class.
        oracle: the reference, slow and written for reading.
        cases: fresh inputs, sizes included, from a generator.
        properties: facts the answer must satisfy.
        misconceptions: wrong versions that are named when met.
        tolerance: largest error relative to the largest expected value, in double precision.
        sibling: the same skill under a changed contract, for a class.
        ours: where the package has a fast equivalent of a slow oracle, "paperlens.metrics.psnr"; `use` takes it.
        any_float: no tensor comes in, so that float32 and float64 are both right.
    """

    id: str
    parameters: str
    summary: str
    minutes: int
    difficulty: int
    importance: int
    points: int
    oracle: Call
    cases: Callable[[np.random.Generator], list[Case]]
    properties: tuple[Property, ...] = ()
    misconceptions: tuple[Misconception, ...] = ()
    tolerance: float = 1e-6
    sibling: Exercise | None = None
    ours: str = ""
    any_float: bool = False

    @property
    def function(self) -> str:
        """The name of the function to write: `psnr` for `metrics.psnr`."""
        return self.id.rpartition(".")[2]

    @property
    def arguments(self) -> list[str]:
        """The names in the signature: `["prediction", "target", "eps"]`."""
        return [one.partition("=")[0].strip(" *") for one in self.parameters.split(",")]
