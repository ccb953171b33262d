"""`use(id, mine)`: what a student wrote goes on working in the chapter; where it is not yet right, ours does."""

from __future__ import annotations

import importlib
from types import FunctionType
from typing import Any

from paperlens.exercises.catalogue import find
from paperlens.exercises.engine.exercise import Call, Exercise

_passed: dict[str, Any] = {}
"""Exercise -> the function that its last check of this session saw, where that passed."""


class Ours:
    """Our function for an exercise: called like the student's own, and shown as a name alone."""

    def __init__(self, exercise: Exercise) -> None:
        self.id = exercise.id
        self._function: Call = exercise.oracle
        if exercise.ours:
            module, _, name = exercise.ours.rpartition(".")
            self._function = getattr(importlib.import_module(module), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the exercise asks for."""
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<ours of {self.id}>"


def use(exercise_id: str, mine: Any = None) -> Any:
    """The student's function where its check has passed in this session, else ours; one printed line says which.

    `attention = use("transformer.attention", attention)` stands in the cell after the check, so that the rest of the
    chapter runs for everybody and with the student's own work wherever that is right.

    Args:
        exercise_id: which exercise, "transformer.attention".
        mine: the student's function; left out, the one that the last passing check saw. A function that was changed
            after its check is not used; the same lines run again are.

    Raises:
        UserError: there is no exercise of that name.
    """
    exercise = find(exercise_id)
    passed = _passed.get(exercise.id)
    if passed is not None and (mine is None or _same(mine, passed)):
        print(f"{exercise.id}: yours, for its check has passed.")
        return passed
    why = "its check has not passed in this session"
    if passed is not None and type(mine) is not Ours:
        why = "yours was changed after its check passed; check it again to use it"
    print(f"{exercise.id}: ours, for {why}.")
    return Ours(exercise)


def remember(exercise_id: str, function: Any, passed: bool) -> None:
    """What `check` found."""
    if passed:
        _passed[exercise_id] = function
    else:
        _passed.pop(exercise_id, None)


def _same(one: Any, other: Any) -> bool:
    """The same function, or the same lines run again."""
    if type(one) is FunctionType and type(other) is FunctionType:
        return one.__code__ == other.__code__
    return one is other
