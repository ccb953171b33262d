"""Find an exercise by its id: a plain table, one module for each prefix, imported when asked for."""

from __future__ import annotations

import difflib
import importlib
from typing import Any

from paperlens.errors import UserError
from paperlens.exercises.exercise import Exercise

PREFIXES = ("metrics", "losses", "swinir", "mri")
"""The modules of this package that hold `EXERCISES`; the prefix of an id is its module's name."""


def find(exercise_id: Any) -> Exercise:
    """The exercise, or a class's sibling of one, with this id.

    Raises:
        UserError: there is none; the sentence names ids that look like it.
    """
    if not isinstance(exercise_id, str):
        raise UserError('an exercise is named by its id in quotes, as in check("metrics.psnr", psnr)')
    known = {exercise.id: exercise for exercise in all_exercises(siblings=True)}
    if exercise_id in known:
        return known[exercise_id]
    near = difflib.get_close_matches(exercise_id[:100], known, n=3, cutoff=0.5)
    near = near or [one for one in known if exercise_id and exercise_id.rpartition(".")[2] in one]
    hint = f"did you mean {' or '.join(near[:3])}?" if near else f"the ids are {', '.join(known)}"
    raise UserError(f"no exercise is called {exercise_id[:60]!r}; {hint}")


def all_exercises(siblings: bool = False) -> tuple[Exercise, ...]:
    """All exercises in the order of the table; with `siblings`, each followed by its class variant."""
    found: list[Exercise] = []
    for prefix in PREFIXES:
        for exercise in importlib.import_module(f"{__package__}.{prefix}").EXERCISES:
            found.append(exercise)
            if siblings and exercise.sibling is not None:
                found.append(exercise.sibling)
    return tuple(found)
