"""The inputs that a seed draws, and what the oracle and the known wrong versions make of them, each asked once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, Misconception


class Reference:
    """What one answer after the other is held against: a whole class may share one, for oracles are slow.

    Args:
        exercise: what was asked.
        seed: draws the inputs, sizes included.
    """

    def __init__(self, exercise: Exercise, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.exercise = exercise
        self.cases = exercise.cases(rng)
        self._state: Mapping[str, Any] = rng.bit_generator.state
        self._known: dict[tuple[Callable[..., Any], str], Any] = {}

    def generator(self) -> np.random.Generator:
        """The generator as the cases left it: it draws the inputs of the properties."""
        rng = np.random.default_rng()
        rng.bit_generator.state = self._state
        return rng

    def expected(self, case: Case) -> Any:
        """What the oracle returns; not to be changed."""
        return self._once(self.exercise.oracle, self.exercise.oracle, case)

    def wrong(self, misconception: Misconception, case: Case) -> Any:
        """What a known wrong version returns, or the exception that some inputs make it raise."""

        def attempt(*args: Any, **kwargs: Any) -> Any:
            try:
                return misconception.function(*args, **kwargs)
            except (RuntimeError, ValueError, IndexError) as error:
                return error

        return self._once(misconception.function, attempt, case)

    def _once(self, whose: Callable[..., Any], function: Callable[..., Any], case: Case) -> Any:
        key = (whose, case.name)
        if key not in self._known:
            args, kwargs = copied(case.args, case.kwargs)
            self._known[key] = function(*args, **kwargs)
        return self._known[key]


def copied(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Arguments that may be changed without changing the case's own."""
    return [_copy(value) for value in args], {name: _copy(value) for name, value in kwargs.items()}


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else copy.deepcopy(value)
