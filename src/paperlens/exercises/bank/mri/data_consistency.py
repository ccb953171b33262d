"""`mri.data_consistency`: what was measured is trusted."""

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, known_value, local, random_complex


def data_consistency(prediction: Tensor, measured: Tensor, mask: Tensor) -> Tensor:
    """Entry by entry: the measurement where there is one, else the prediction."""
    found = prediction.clone()
    for index in mask.expand(prediction.shape).nonzero().tolist():
        found[tuple(index)] = measured[tuple(index)]
    return found


def weighted_data_consistency(prediction: Tensor, measured: Tensor, mask: Tensor, weight: float) -> Tensor:
    """A compromise in place of the measurement."""
    return data_consistency(prediction, (prediction + weight * measured) / (1 + weight), mask)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Masks of every shape that broadcasts; measurements are not zero where the mask is False."""
    found = []
    plan = [(1, "columns", 1.0), (2, "entries", 1e3), (0, "rows", 1e-3), (2, "batch", 1.0)]
    for leading, kind, scale in plan:
        h, w = distinct(rng, 2, 4, 9)
        shape = (*distinct(rng, leading, 2, 3), h, w)
        sizes = {"columns": (w,), "rows": (h, 1), "entries": (h, w), "batch": (shape[0], 1, 1, w)}[kind]
        mask = torch.from_numpy(rng.permutation(np.arange(int(np.prod(sizes))) % 2 == 0).reshape(sizes))
        both = random_complex(rng, *shape, scale=scale), random_complex(rng, *shape, scale=scale)
        found.append(
            case(f"{' x '.join(map(str, shape))}, a mask of {' x '.join(map(str, sizes))}", *both, mask)
        )
    one = random_complex(rng, 1, 3, 5), random_complex(rng, 1, 3, 5)
    return [*found, case("a batch of one, a mask of 5", *one, torch.arange(5) % 2 == 1)]


def _weighted_cases(rng: np.random.Generator) -> list[Case]:
    weights = [1.0, 0.5, 4.0, 10.0, 0.1]
    return [case(f"{c.name}, weight {w:g}", *c.args, w) for c, w in zip(_cases(rng), weights, strict=True)]


def _input(rng: np.random.Generator, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return random_complex(rng, 2, 5, 8), random_complex(rng, 2, 5, 8), mask


NONE, ALL, THIRD = torch.zeros(8, dtype=torch.bool), torch.ones(8, dtype=torch.bool), torch.arange(8) % 3 == 0

SIBLING = Exercise(
    id="mri.weighted_data_consistency",
    parameters="prediction, measured, mask, weight",
    summary="""Pull a prediction towards noisy measurements. `prediction` and `measured`: k-space (..., h,
w), complex64 or complex128; `mask`: boolean, broadcastable, True where measured; `weight`: a positive
number. Where the mask is True the result is (prediction + weight * measured) / (1 + weight), elsewhere the
prediction. Same shape and dtype out.""",
    minutes=8,
    difficulty=2,
    importance=4,
    points=4,
    oracle=weighted_data_consistency,
    cases=_weighted_cases,
    misconceptions=(
        wrong(
            "measurements replace the prediction whatever the weight",
            lambda p, m, k, w: data_consistency(p, m, k),
        ),
        wrong(
            "the weight is on the prediction instead of the measurement",
            lambda p, m, k, w: weighted_data_consistency(p, m, k, 1 / w),
        ),
        wrong("the sum is not divided by 1 + weight", lambda p, m, k, w: torch.where(k, p + w * m, p)),
    ),
)

EXERCISE = Exercise(
    id="mri.data_consistency",
    parameters="prediction, measured, mask",
    summary="""Put the measured values back. `prediction` and `measured`: k-space (..., h, w), complex64 or
complex128; `mask`: boolean, of any shape that broadcasts to them, True where measured. The result equals
`measured` where the mask is True and `prediction` elsewhere. What `measured` holds where the mask is False
means nothing. Same shape and dtype out.""",
    minutes=5,
    difficulty=1,
    importance=5,
    points=3,
    oracle=data_consistency,
    cases=_cases,
    properties=(
        known_value(
            "sampled entries equal the measurement, the others the prediction",
            lambda rng: _input(rng, THIRD),
            lambda p, m, mask: torch.where(mask, m, p),
        ),
        known_value(
            "nothing measured: the prediction stays", lambda rng: _input(rng, NONE), lambda p, m, mask: p
        ),
        known_value(
            "everything measured: the measurement stays", lambda rng: _input(rng, ALL), lambda p, m, mask: m
        ),
        local("an entry of the prediction moves its own place alone", lambda rng: _input(rng, NONE)),
    ),
    misconceptions=(
        wrong(
            "the mask is read the wrong way round: True means measured", lambda p, m, k: torch.where(k, p, m)
        ),
        wrong(
            "the measurement is added to the prediction instead of replacing it", lambda p, m, k: p + m * k
        ),
        wrong(
            "prediction and measurement are averaged where both exist",
            lambda p, m, k: torch.where(k, (p + m) / 2, p),
        ),
        wrong("the prediction is kept at sampled points: nothing is put back", lambda p, m, k: p.clone()),
        wrong("the prediction is dropped where nothing was measured", lambda p, m, k: m * k),
        wrong("measured is used everywhere, also where the mask is False", lambda p, m, k: m.clone()),
        wrong(
            "measured is added where the mask is False: p (1 - mask) + measured", lambda p, m, k: p * ~k + m
        ),
        wrong("the mask is applied to the prediction alone", lambda p, m, k: p * k),
    ),
    sibling=SIBLING,
)
