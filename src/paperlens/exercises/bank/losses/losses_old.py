"""Exercises on what training minimises."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, Misconception
from paperlens.exercises.engine.kit import derivative, distinct, invariant, known_value, random

CONTRACT = """The Charbonnier loss: the mean over all entries of sqrt(d^2 + eps^2), d = prediction - target.
prediction and target: (b, c, h, w), float32 or float64. eps: a positive number, 0.001 where it is not given.
Returns a tensor with no axes, of the dtype that came in."""


def slow_charbonnier(prediction: Tensor, target: Tensor, eps: float = 1e-3) -> Tensor:
    """The definition, entry by entry."""
    pairs = zip(prediction.flatten().tolist(), target.flatten().tolist(), strict=True)
    values = [math.sqrt((one - other) ** 2 + eps**2) for one, other in pairs]
    return torch.tensor(sum(values) / len(values), dtype=prediction.dtype)


def _slow_pseudo_huber(prediction: Tensor, target: Tensor, delta: float = 0.1) -> Tensor:
    pairs = zip(prediction.flatten().tolist(), target.flatten().tolist(), strict=True)
    values = [delta**2 * (math.sqrt(1 + ((one - other) / delta) ** 2) - 1) for one, other in pairs]
    return torch.tensor(sum(values) / len(values), dtype=prediction.dtype)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Uneven errors around the given constant, far below and far above it; the default used once."""
    found = []
    for scale, constant in [(1.0, 0.5), (1e-3, None), (1e3, 20.0), (0.1, 1.0), (1e-3, 1e-2)]:
        b, c, h, w = distinct(rng, 4, 1, 9)
        target = random(rng, b, c, h, w, scale=scale)
        prediction = target + random(rng, b, c, h, w, scale=scale) * random(rng, b, c, h, w)
        given = () if constant is None else (constant,)
        words = "the default constant" if constant is None else f"constant {constant:g}"
        name = f"{b} x {c} x {h} x {w}, values of about {scale:g}, {words}"
        found.append(Case(name=name, args=(prediction, target, *given)))
    return found


def _three(rng: np.random.Generator) -> tuple[Tensor, Tensor, float]:
    target = random(rng, 1, 2, 3, 4)
    return target + torch.tensor([3.0, 0.0, -3.0, 0.0], dtype=torch.float64), target, 4.0


def _equal(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    target = random(rng, 2, 3, 4, 5)
    return target.clone(), target


def _pair(rng: np.random.Generator) -> tuple[Tensor, Tensor, float]:
    return random(rng, 2, 3, 4, 5), random(rng, 2, 3, 4, 5), 0.3


def _d(x: Tensor, y: Tensor) -> Tensor:
    return x - y


PSEUDO_HUBER = Exercise(
    id="losses.pseudo_huber",
    parameters="prediction, target, delta=0.1",
    summary="""The pseudo-Huber loss: the mean over all entries of delta^2 (sqrt(1 + (d / delta)^2) - 1), d
= prediction - target. prediction and target: (b, c, h, w), float32 or float64. delta: a positive number,
0.1 where it is not given. Returns a tensor with no axes, of the dtype that came in.""",
    minutes=8,
    difficulty=2,
    importance=3,
    points=3,
    oracle=_slow_pseudo_huber,
    cases=_cases,
    properties=(
        known_value("equal images cost nothing", _equal, lambda *_: torch.tensor(0.0, dtype=torch.float64)),
        known_value(
            "errors 3, 0, -3, 0 with delta 4 cost (4 + 0 + 4 + 0) / 4",
            _three,
            lambda *_: torch.tensor(2.0, dtype=torch.float64),
        ),
        invariant("the sign of an error does not matter", _pair, lambda x, y, e: (y, x, e)),
    ),
    misconceptions=(
        Misconception(
            number=102,
            sentence="the 1 is not taken off, so that equal images cost delta^2",
            function=lambda x, y, e=0.1: (e**2 * (1 + (_d(x, y) / e) ** 2).sqrt()).mean(),
        ),
        Misconception(
            number=102,
            sentence="the factor delta^2 is missing",
            function=lambda x, y, e=0.1: ((1 + (_d(x, y) / e) ** 2).sqrt() - 1).mean(),
        ),
        Misconception(
            number=102,
            sentence="the entries are summed, not averaged",
            function=lambda x, y, e=0.1: (e**2 * ((1 + (_d(x, y) / e) ** 2).sqrt() - 1)).sum(),
        ),
    ),
)

CHARBONNIER = Exercise(
    id="losses.charbonnier",
    parameters="prediction, target, eps=1e-3",
    summary=CONTRACT,
    minutes=5,
    difficulty=1,
    importance=4,
    points=2,
    oracle=slow_charbonnier,
    cases=_cases,
    properties=(
        known_value(
            "equal images cost eps, no more and no less",
            _equal,
            lambda *_: torch.tensor(1e-3, dtype=torch.float64),
        ),
        known_value(
            "errors 3, 0, -3, 0 with eps 4 cost (5 + 4 + 5 + 4) / 4",
            _three,
            lambda *_: torch.tensor(4.5, dtype=torch.float64),
        ),
        invariant("the sign of an error does not matter", _pair, lambda x, y, e: (y, x, e)),
        derivative(
            "the slope of an entry is d / sqrt(d^2 + eps^2) / n: bounded, and 0 at 0",
            _pair,
            lambda v, x, y, e: (v * _d(x, y) / (_d(x, y) ** 2 + e**2).sqrt()).mean(),
        ),
    ),
    misconceptions=(
        Misconception(
            number=102,
            sentence="eps is not squared: sqrt(d^2 + eps) instead of sqrt(d^2 + eps^2)",
            function=lambda x, y, e=1e-3: (_d(x, y) ** 2 + e).sqrt().mean(),
        ),
        Misconception(
            number=102,
            sentence="this is the mean absolute error (L1): eps^2 under the root is missing",
            function=lambda x, y, e=1e-3: _d(x, y).abs().mean(),
        ),
        Misconception(
            number=102,
            sentence="the entries are summed, not averaged",
            function=lambda x, y, e=1e-3: (_d(x, y) ** 2 + e**2).sqrt().sum(),
        ),
        Misconception(
            number=102,
            sentence="the root is taken after the mean; it belongs to each entry",
            function=lambda x, y, e=1e-3: ((_d(x, y) ** 2).mean() + e**2).sqrt(),
        ),
        Misconception(
            number=102,
            sentence="eps is added to |d|; it belongs under the root",
            function=lambda x, y, e=1e-3: (_d(x, y).abs() + e).mean(),
        ),
        Misconception(
            number=102,
            sentence="the root is missing",
            function=lambda x, y, e=1e-3: (_d(x, y) ** 2 + e**2).mean(),
        ),
        Misconception(
            number=102,
            sentence="eps is fixed at its default whatever was given",
            function=lambda x, y, e=1e-3: (_d(x, y) ** 2 + 1e-6).sqrt().mean(),
        ),
        Misconception(
            number=102,
            sentence="eps is taken off at the end, so that equal images cost nothing",
            function=lambda x, y, e=1e-3: (_d(x, y) ** 2 + e**2).sqrt().mean() - e,
        ),
        Misconception(
            number=102,
            sentence="only the images are averaged; the entries of an image are summed",
            function=lambda x, y, e=1e-3: (_d(x, y) ** 2 + e**2).sqrt().flatten(1).sum(1).mean(),
        ),
    ),
    sibling=PSEUDO_HUBER,
)

EXERCISES = (CHARBONNIER,)
