"""`losses.charbonnier`: almost the absolute error, smooth at zero."""

import math

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import derivative, distinct, invariant, known_value, random


def _mean(values: list[float], like: Tensor) -> Tensor:
    return torch.tensor(sum(values) / len(values), dtype=like.dtype)


def charbonnier(prediction: Tensor, target: Tensor, eps: float = 1e-3) -> Tensor:
    """The definition, entry by entry."""
    errors = (prediction - target).flatten().tolist()
    return _mean([math.sqrt(d**2 + eps**2) for d in errors], prediction)


def pseudo_huber(prediction: Tensor, target: Tensor, delta: float = 0.1) -> Tensor:
    """The definition, entry by entry."""
    errors = (prediction - target).flatten().tolist()
    return _mean([delta**2 * (math.sqrt(1 + (d / delta) ** 2) - 1) for d in errors], prediction)


def _roots(x: Tensor, y: Tensor, e: float) -> Tensor:
    return ((x - y) ** 2 + e**2).sqrt()


def _cases(rng: np.random.Generator) -> list[Case]:
    """Uneven errors around the given constant, far below and far above it; the default used once."""
    found = []
    for scale, constant in [(1.0, 0.5), (1e-3, None), (1e3, 20.0), (0.1, 1.0), (1e-3, 1e-2)]:
        shape = distinct(rng, 4, 1, 9)
        target = random(rng, *shape, scale=scale)
        prediction = target + random(rng, *shape, scale=scale) * random(rng, *shape)
        given = () if constant is None else (constant,)
        words = "the default constant" if constant is None else f"constant {constant:g}"
        found.append(
            case(f"{' x '.join(map(str, shape))}, about {scale:g}, {words}", prediction, target, *given)
        )
    return found


def _three(rng: np.random.Generator) -> tuple[Tensor, Tensor, float]:
    target = random(rng, 1, 2, 3, 4)
    return target + torch.tensor([3.0, 0.0, -3.0, 0.0], dtype=torch.float64), target, 4.0


def _equal(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    target = random(rng, 2, 3, 4, 5)
    return target.clone(), target


def _pair(rng: np.random.Generator) -> tuple[Tensor, Tensor, float]:
    return random(rng, 2, 3, 4, 5), random(rng, 2, 3, 4, 5), 0.3


SIBLING = Exercise(
    id="losses.pseudo_huber",
    parameters="prediction, target, delta=0.1",
    summary=r"""The pseudo-Huber loss: the mean over all entries of $\delta^2 (\sqrt{1 + (d / \delta)^2} -
1)$ with d = prediction - target. `prediction` and `target` (b, c, h, w), float32 or float64; `delta`: a
positive number, 0.1 where it is not given. Returns a tensor with no axes, of the dtype that came in.""",
    minutes=8,
    difficulty=2,
    importance=3,
    points=3,
    oracle=pseudo_huber,
    cases=_cases,
    properties=(
        known_value("equal images cost nothing", _equal, lambda *_: torch.tensor(0.0).double()),
        known_value(
            "errors 3, 0, -3, 0 with delta 4 cost (4 + 0 + 4 + 0) / 4",
            _three,
            lambda *_: torch.tensor(2.0).double(),
        ),
        invariant("the sign of an error does not matter", _pair, lambda x, y, e: (y, x, e)),
    ),
    misconceptions=(
        wrong(
            "the 1 is not taken off, so that equal images cost delta^2",
            lambda x, y, e=0.1: pseudo_huber(x, y, e) + e**2,
        ),
        wrong("the factor delta^2 is missing", lambda x, y, e=0.1: pseudo_huber(x, y, e) / e**2),
        wrong("the entries are summed, not averaged", lambda x, y, e=0.1: pseudo_huber(x, y, e) * x.numel()),
    ),
)

EXERCISE = Exercise(
    id="losses.charbonnier",
    parameters="prediction, target, eps=1e-3",
    summary=r"""The Charbonnier loss: the mean over all entries of $\sqrt{d^2 + \epsilon^2}$ with d =
prediction - target. `prediction` and `target` (b, c, h, w), float32 or float64; `eps`: a positive number,
0.001 where it is not given. Returns a tensor with no axes, of the dtype that came in.""",
    minutes=5,
    difficulty=1,
    importance=4,
    points=2,
    oracle=charbonnier,
    cases=_cases,
    properties=(
        known_value(
            "equal images cost eps, no more and no less",
            _equal,
            lambda *_: torch.tensor(1e-3).double(),
            tolerance=1e-6,
        ),
        known_value(
            "errors 3, 0, -3, 0 with eps 4 cost (5 + 4 + 5 + 4) / 4",
            _three,
            lambda *_: torch.tensor(4.5).double(),
        ),
        invariant("the sign of an error does not matter", _pair, lambda x, y, e: (y, x, e)),
        derivative(
            "the slope of an entry is d / sqrt(d^2 + eps^2) / n: bounded, and 0 at 0",
            _pair,
            lambda v, x, y, e: (v * (x - y) / _roots(x, y, e)).mean(),
        ),
    ),
    misconceptions=(
        wrong(
            "eps is not squared: sqrt(d^2 + eps) instead of sqrt(d^2 + eps^2)",
            lambda x, y, e=1e-3: _roots(x, y, e**0.5).mean(),
        ),
        wrong(
            "this is the mean absolute error (L1): eps^2 under the root is missing",
            lambda x, y, e=1e-3: (x - y).abs().mean(),
        ),
        wrong("the entries are summed, not averaged", lambda x, y, e=1e-3: _roots(x, y, e).sum()),
        wrong(
            "the root is taken after the mean; it belongs to each entry",
            lambda x, y, e=1e-3: _roots(x, y, e).square().mean().sqrt(),
        ),
        wrong(
            "eps is added to |d|; it belongs under the root", lambda x, y, e=1e-3: (x - y).abs().mean() + e
        ),
        wrong("the root is missing", lambda x, y, e=1e-3: _roots(x, y, e).square().mean()),
        wrong(
            "eps is fixed at its default whatever was given", lambda x, y, e=1e-3: _roots(x, y, 1e-3).mean()
        ),
        wrong(
            "eps is taken off at the end, so that equal images cost nothing",
            lambda x, y, e=1e-3: _roots(x, y, e).mean() - e,
        ),
        wrong(
            "only the images are averaged; the entries of an image are summed",
            lambda x, y, e=1e-3: _roots(x, y, e).sum() / len(x),
        ),
    ),
    sibling=SIBLING,
)
