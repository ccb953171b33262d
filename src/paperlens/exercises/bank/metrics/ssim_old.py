"""The exercise `metrics.ssim`: its contract, its inputs and the ways to get it wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.bank.metrics.psnr_old import noisy_pair, picture_cases
from paperlens.exercises.bank.metrics.ssim_wrong import K1, K2, WRONG_SSIM, box, fast_ssim, gaussian_window
from paperlens.exercises.engine.exercise import Call, Case, Exercise, Misconception
from paperlens.exercises.engine.kit import invariant, known_value, uniform

CONTRACT = """The structural similarity (Wang et al. 2004) of each channel of each image, averaged
over all valid window positions, channels and images. prediction and target: (b, c, h, w) with h, w of at
least 11, float32 or float64, any number of channels. data_range L: a positive number. Means, variances and
the covariance are weighted by a Gaussian window of 11 x 11, sigma 1.5, whose weights sum to 1; the
variances are the biased ones, sum of w (x - mean)^2. C1 = (0.01 L)^2, C2 = (0.03 L)^2. No padding: an h x w
channel has (h - 10)(w - 10) positions. Returns a tensor with no axes, of the dtype that came in."""


def _slow(window: Tensor, bessel: float) -> Call:
    """SSIM by the definition, one window position after the other; `bessel` multiplies the variances."""

    def ssim(prediction: Tensor, target: Tensor, data_range: float) -> Tensor:
        c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
        size = len(window)
        b, c, h, w = prediction.shape
        values = []
        for image in range(b):
            for channel in range(c):
                for top in range(h - size + 1):
                    for left in range(w - size + 1):
                        here = (image, channel, slice(top, top + size), slice(left, left + size))
                        x, y = prediction[here].double(), target[here].double()
                        mean_x, mean_y = (window * x).sum(), (window * y).sum()
                        var_x = (window * (x - mean_x) ** 2).sum() * bessel
                        var_y = (window * (y - mean_y) ** 2).sum() * bessel
                        covariance = (window * (x - mean_x) * (y - mean_y)).sum() * bessel
                        light = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
                        structure = (2 * covariance + c2) / (var_x + var_y + c2)
                        values.append(light * structure)
        return torch.stack(values).mean().to(prediction.dtype)

    return ssim


slow_ssim = _slow(gaussian_window(), 1.0)
slow_ssim_uniform = _slow(torch.full((7, 7), 1 / 49, dtype=torch.float64), 49 / 48)


def _cases(smallest: int, sizes: tuple[int, int]) -> Callable[[np.random.Generator], list[Case]]:
    """The pictures of PSNR, and one that the window just fits into."""

    def cases(rng: np.random.Generator) -> list[Case]:
        h, w = smallest, smallest + int(rng.integers(2, 6))
        pair = noisy_pair(rng, (2, 3, h, w), 1.0)
        tight = Case(name=f"2 images of 3 x {h} x {w}, one row of positions", args=(*pair, 1.0))
        return [*picture_cases(rng, *sizes), tight]

    return cases


def _impulse(size: int) -> tuple[Tensor, Tensor, float]:
    """A window with one bright pixel off the centre, against black: the output holds that pixel's weight."""
    prediction = torch.zeros(1, 1, size, size, dtype=torch.float64)
    prediction[0, 0, 3, 4] = 1.0
    return prediction, torch.zeros_like(prediction), 1.0


def _impulse_expected(window: Tensor, bessel: float) -> Tensor:
    weight = float(window[3, 4])
    c1, c2 = K1**2, K2**2
    return torch.tensor(
        c1 / (weight**2 + c1) * c2 / ((weight - weight**2) * bessel + c2), dtype=torch.float64
    )


def _constants(size: int) -> tuple[Tensor, Tensor, float]:
    return (
        torch.full((1, 2, size, size + 1), 0.2, dtype=torch.float64),
        torch.full((1, 2, size, size + 1), 0.6, dtype=torch.float64),
        1.0,
    )


def _properties(size: int, window: Tensor, bessel: float) -> tuple[Any, ...]:
    return (
        known_value(
            "a picture is wholly similar to itself: 1",
            lambda rng: (*[uniform(rng, 2, 3, size + 3, size + 2)] * 2, 1.0),
            lambda *_: torch.tensor(1.0, dtype=torch.float64),
        ),
        known_value(
            "two flat pictures, 0.2 and 0.6: only the means count, (2 * 0.12 + C1) / (0.04 + 0.36 + C1)",
            lambda rng: _constants(size),
            lambda *_: torch.tensor((0.24 + K1**2) / (0.4 + K1**2), dtype=torch.float64),
        ),
        known_value(
            "one bright pixel against black shows its weight in the window",
            lambda rng: _impulse(size),
            lambda *_: _impulse_expected(window, bessel),
        ),
        invariant(
            "the order of the two pictures does not matter",
            lambda rng: (*noisy_pair(rng, (2, 3, size + 3, size + 2), 1.0), 1.0),
            lambda x, y, r: (y, x, r),
        ),
        invariant(
            "the unit does not matter: ssim(255 x, 255 y, 255) = ssim(x, y, 1)",
            lambda rng: (*noisy_pair(rng, (2, 3, size + 3, size + 2), 1.0), 1.0),
            lambda x, y, r: (255 * x, 255 * y, 255 * r),
        ),
        invariant(
            "images and channels are only averaged: their order does not matter",
            lambda rng: (*noisy_pair(rng, (2, 3, size + 1, size + 2), 1.0), 1.0),
            lambda x, y, r: (x.flip(0, 1), y.flip(0, 1), r),
        ),
    )


SSIM_UNIFORM = Exercise(
    id="metrics.ssim_uniform",
    parameters="prediction, target, data_range",
    summary="""The structural similarity as fastMRI measures it, averaged over all valid window positions,
channels and images. prediction and target: (b, c, h, w) with h, w of at least 7, float32 or float64.
data_range L: a positive number. The window is uniform, 7 x 7; variances and the covariance are the unbiased
ones, with a factor 49 / 48. C1 = (0.01 L)^2, C2 = (0.03 L)^2. No padding. Returns a tensor with no axes, of
the dtype that came in.""",
    minutes=15,
    difficulty=3,
    importance=5,
    points=6,
    oracle=slow_ssim_uniform,
    cases=_cases(7, (11, 13)),
    properties=_properties(7, box(7), 49 / 48),
    misconceptions=(
        Misconception(number=74, sentence="the variances are the biased ones", function=fast_ssim(box(7))),
        Misconception(number=74, sentence="the window is Gaussian, 11 x 11", function=fast_ssim()),
        Misconception(
            number=74,
            sentence="the pictures are padded",
            function=fast_ssim(box(7), bessel=49 / 48, padding="constant"),
        ),
        Misconception(
            number=73,
            sentence="C1 and C2 are swapped",
            function=fast_ssim(box(7), bessel=49 / 48, constants=lambda L: ((K2 * L) ** 2, (K1 * L) ** 2)),
        ),
        Misconception(
            number=73,
            sentence="the data range is taken as 1 whatever was given",
            function=fast_ssim(box(7), bessel=49 / 48, peak=lambda x, y, r: 1.0),
        ),
    ),
)

SSIM = Exercise(
    id="metrics.ssim",
    parameters="prediction, target, data_range",
    summary=CONTRACT,
    minutes=15,
    difficulty=3,
    importance=5,
    points=6,
    oracle=slow_ssim,
    cases=_cases(11, (12, 15)),
    properties=_properties(11, gaussian_window(), 1.0),
    misconceptions=WRONG_SSIM,
    sibling=SSIM_UNIFORM,
)
