"""The exercise `metrics.psnr`: its contract, its inputs and the ways to get it wrong."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.bank.metrics.psnr_wrong import POOLED, WRONG_PSNR, pooled_psnr
from paperlens.exercises.engine.exercise import Case, Exercise, Misconception
from paperlens.exercises.engine.kit import depends_on, distinct, invariant, known_value, uniform

CONTRACT = """The peak signal-to-noise ratio in decibels, 10 log10(data_range^2 / MSE), of each image,
then the mean over the images of the batch. prediction and target: (b, c, h, w), float32 or float64, any
number of channels. data_range: a positive number, the distance between the smallest and the largest
possible pixel value. MSE is the mean over all channels and pixels of one image. Nothing is clamped,
rounded, converted or cropped. An image equal to its target has infinite PSNR. Returns a tensor with no
axes, of the dtype that came in."""


def slow_psnr(prediction: Tensor, target: Tensor, data_range: float) -> Tensor:
    """The definition, number by number."""
    values = []
    for image, truth in zip(prediction.tolist(), target.tolist(), strict=True):
        errors = _flat(image, truth)
        mse = sum(e * e for e in errors) / len(errors)
        values.append(math.inf if mse == 0 else 10 * math.log10(data_range**2 / mse))
    return torch.tensor(sum(values) / len(values), dtype=prediction.dtype)


def _flat(image: Any, truth: Any) -> list[float]:
    if isinstance(image, float):
        return [image - truth]
    return [e for one, other in zip(image, truth, strict=True) for e in _flat(one, other)]


def noisy_pair(
    rng: np.random.Generator, shape: tuple[int, int, int, int], data_range: float
) -> tuple[Tensor, Tensor]:
    """A picture and a copy; images, channels and border have their own noise, and values leave the range."""
    target = uniform(rng, *shape, low=0.1, high=0.9)
    strength = torch.from_numpy(10 ** rng.uniform(-2.0, -0.5, (*shape[:2], 1, 1)))
    noise = strength * torch.from_numpy(rng.standard_normal(shape))
    noise[..., :2, :] *= 3
    return (target + noise) * data_range, target * data_range


def picture_cases(rng: np.random.Generator, smallest: int, largest: int) -> list[Case]:
    """Batches of several and of one, 1 to 4 channels, ranges 1, 255, 1e-3, 1e3; dark pictures."""
    plan = [(3, 1.0), (1, 255.0), (3, 255.0), (2, 1e-3), (4, 1e3)]
    cases = []
    for i, (channels, data_range) in enumerate(plan):
        h, w = distinct(rng, 2, smallest, largest)
        batch = 1 if i == 1 else int(rng.integers(2, 4)) + (channels > 2)
        pair = noisy_pair(rng, (batch, channels, h, w), data_range)
        plural = "" if batch == 1 else "s"
        cases.append(
            Case(
                name=f"{batch} image{plural} of {channels} x {h} x {w}, range {data_range:g}",
                args=(*pair, data_range),
            )
        )
    h, w = distinct(rng, 2, smallest, largest)
    prediction, target = noisy_pair(rng, (2, 3, h, w), 1.0)
    cases.append(
        Case(name=f"dark images of 3 x {h} x {w}, range 255", args=(prediction * 40, target * 40, 255.0))
    )
    return cases


def _psnr_cases(rng: np.random.Generator) -> list[Case]:
    return picture_cases(rng, 9, 18)


def _flat_pair(*errors: float) -> tuple[Tensor, Tensor]:
    target = torch.full((len(errors), 3, 5, 4), 0.5, dtype=torch.float64)
    return target + torch.tensor(errors, dtype=torch.float64).reshape(-1, 1, 1, 1), target


def _uneven(rng: np.random.Generator) -> tuple[Any, ...]:
    target = uniform(rng, 1, 1, 3, 4)
    prediction = target.clone()
    prediction[0, 0, 1, 2] += math.sqrt(0.12)
    return prediction, target, 1.0


PSNR_PROPERTIES = (
    known_value(
        "an error of 0.1 everywhere, range 1, is 20 dB",
        lambda rng: (*_flat_pair(0.1), 1.0),
        lambda *_: torch.tensor(20.0, dtype=torch.float64),
    ),
    known_value(
        "one pixel of 12 wrong by the root of 0.12, range 1, is 20 dB: squared errors are averaged",
        _uneven,
        lambda *_: torch.tensor(20.0, dtype=torch.float64),
    ),
    known_value(
        "images with errors 0.1 and 0.01 have 20 and 40 dB: the mean is 30",
        lambda rng: (*_flat_pair(0.1, 0.01), 1.0),
        lambda *_: torch.tensor(30.0, dtype=torch.float64),
    ),
    invariant(
        "the unit does not matter: psnr(255 x, 255 y, 255) = psnr(x, y, 1)",
        lambda rng: (*noisy_pair(rng, (2, 3, 9, 8), 1.0), 1.0),
        lambda x, y, r: (255 * x, 255 * y, 255 * r),
    ),
    known_value(
        "a black target is no special case: an error of 0.1, range 1, is 20 dB",
        lambda rng: (_flat_pair(0.1)[0] - 0.5, torch.zeros(1, 3, 5, 4, dtype=torch.float64), 1.0),
        lambda *_: torch.tensor(20.0, dtype=torch.float64),
    ),
    known_value(
        "identical images have infinite PSNR",
        lambda rng: (*[uniform(rng, 2, 3, 6, 5)] * 2, 1.0),
        lambda *_: torch.tensor(math.inf, dtype=torch.float64),
    ),
    known_value(
        "one identical image makes the mean infinite",
        lambda rng: (*_flat_pair(0.0, 0.1, 0.01), 1.0),
        lambda *_: torch.tensor(math.inf, dtype=torch.float64),
    ),
    depends_on(
        "the border counts",
        lambda rng: (*noisy_pair(rng, (2, 3, 9, 8), 1.0), 1.0),
        lambda x, y, r: (x + torch.nn.functional.pad(torch.zeros(7, 6), (1, 1, 1, 1), value=1.0), y, r),
    ),
)


def _slow_psnr_border(prediction: Tensor, target: Tensor, data_range: float, border: int) -> Tensor:
    h, w = prediction.shape[-2:]
    inside = (..., slice(border, h - border), slice(border, w - border))
    return slow_psnr(prediction[inside], target[inside], data_range)


def _psnr_border_cases(rng: np.random.Generator) -> list[Case]:
    borders = [2, 1, 3, 4, 0, 2]
    return [
        Case(name=f"{case.name}, border {border}", args=(*case.args, border))
        for case, border in zip(_psnr_cases(rng), borders, strict=True)
    ]


def _zero_border(x: Tensor, n: int) -> Tensor:
    kept = torch.zeros_like(x)
    inside = (..., slice(n, x.shape[-2] - n), slice(n, x.shape[-1] - n))
    kept[inside] = x[inside]
    return kept


PSNR_BORDER = Exercise(
    id="metrics.psnr_border",
    parameters="prediction, target, data_range, border",
    summary=CONTRACT
    + " Before all this, border rows and columns are cut off at each of the four sides; 0 cuts nothing.",
    minutes=12,
    difficulty=2,
    importance=5,
    points=4,
    oracle=_slow_psnr_border,
    cases=_psnr_border_cases,
    properties=(
        invariant(
            "what lies within the border does not count",
            lambda rng: (*noisy_pair(rng, (2, 3, 9, 8), 1.0), 1.0, 2),
            lambda x, y, r, n: (
                x + torch.nn.functional.pad(torch.zeros(5, 4), (2, 2, 2, 2), value=1.0),
                y,
                r,
                n,
            ),
        ),
        invariant(
            "the unit does not matter: psnr(255 x, 255 y, 255) = psnr(x, y, 1)",
            lambda rng: (*noisy_pair(rng, (2, 3, 9, 8), 1.0), 1.0, 1),
            lambda x, y, r, n: (255 * x, 255 * y, 255 * r, n),
        ),
        known_value(
            "images with errors 0.1 and 0.01 have 20 and 40 dB: the mean is 30",
            lambda rng: (*_flat_pair(0.1, 0.01), 1.0, 1),
            lambda *_: torch.tensor(30.0, dtype=torch.float64),
        ),
        known_value(
            "identical images have infinite PSNR",
            lambda rng: (*[uniform(rng, 2, 3, 6, 5)] * 2, 1.0, 0),
            lambda *_: torch.tensor(math.inf, dtype=torch.float64),
        ),
    ),
    misconceptions=(
        Misconception(
            number=72,
            sentence="the border is not cropped",
            function=lambda x, y, r, n: slow_psnr(x, y, r),
        ),
        Misconception(
            number=72,
            sentence="the border is cropped at the top and left alone",
            function=lambda x, y, r, n: slow_psnr(x[..., n:, n:], y[..., n:, n:], r),
        ),
        Misconception(
            number=72,
            sentence="the border is set to zero instead of cut off, so that it still counts as pixels",
            function=lambda x, y, r, n: slow_psnr(_zero_border(x, n), _zero_border(y, n), r),
        ),
        Misconception(
            number=71,
            sentence=POOLED,
            function=lambda x, y, r, n: pooled_psnr(
                x[..., n : x.shape[-2] - n, n : x.shape[-1] - n],
                y[..., n : y.shape[-2] - n, n : y.shape[-1] - n],
                r,
            ),
        ),
    ),
)

PSNR = Exercise(
    id="metrics.psnr",
    parameters="prediction, target, data_range",
    summary=CONTRACT,
    minutes=10,
    difficulty=2,
    importance=5,
    points=4,
    oracle=slow_psnr,
    cases=_psnr_cases,
    properties=PSNR_PROPERTIES,
    misconceptions=WRONG_PSNR,
    sibling=PSNR_BORDER,
)
