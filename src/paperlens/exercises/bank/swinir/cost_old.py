"""The exercises `swinir.window_attention_macs` and `swinir.high_frequency_share`: cost, and where detail lies."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Call, Case, Exercise, Misconception
from paperlens.exercises.engine.kit import (
    distinct,
    homogeneous,
    invariant,
    items_independent,
    known_value,
    random,
)


def slow_macs(height: int, width: int, dim: int, window: int) -> int:
    """Product after product, window after window."""
    total = 0
    for _ in range((height // window) * (width // window)):
        tokens = window * window
        total += 3 * tokens * dim * dim  # queries, keys, values
        total += tokens * tokens * dim  # all pairs of scores
        total += tokens * tokens * dim  # weights times values
        total += tokens * dim * dim  # the projection at the end
    return total


def _slow_block_macs(height: int, width: int, dim: int, window: int, mlp_ratio: int) -> int:
    return slow_macs(height, width, dim, window) + height * width * 2 * mlp_ratio * dim * dim


def _sizes(rng: np.random.Generator) -> list[tuple[int, int, int, int]]:
    found = []
    for window in (8, 4, 7, 16, 1):
        m, n = distinct(rng, 2, 2, 9)
        found.append((m * window, n * window, int(rng.choice([12, 30, 60, 96, 180])), window))
    return found


def _macs_cases(rng: np.random.Generator) -> list[Case]:
    return [Case(name=f"{h} x {w}, dim {d}, window {m}", args=(h, w, d, m)) for h, w, d, m in _sizes(rng)]


def _block_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(name=f"{case.name}, ratio {ratio}", args=(*case.args, ratio))
        for case, ratio in zip(_macs_cases(rng), (2, 4, 3, 1, 4), strict=True)
    ]


def _count(
    projections: int = 4,
    products: int = 2,
    tokens: Callable[[int, int, int], int] = lambda h, w, m: m * m,
    factor: int = 1,
) -> Call:
    return lambda h, w, d, m: factor * (projections * h * w * d * d + products * tokens(h, w, m) * h * w * d)


BLOCK_MACS = Exercise(
    id="swinir.block_macs",
    parameters="height, width, dim, window, mlp_ratio",
    summary="""Multiply-accumulate operations of one transformer block: window attention (projections of
queries, keys and values, scores, weighted sum, output projection) and the MLP dim -> mlp_ratio * dim ->
dim, for a map of height x width tokens. All whole numbers; window divides both sides. Softmax, norms,
biases and additions do not count. Returns a Python int.""",
    minutes=10,
    difficulty=2,
    importance=3,
    points=3,
    oracle=_slow_block_macs,
    cases=_block_cases,
    properties=(
        known_value(
            "1 x 1 tokens, dim 1, window 1, ratio 1: 6 + 2", lambda rng: (1, 1, 1, 1, 1), lambda *_: 8
        ),
    ),
    misconceptions=(
        Misconception(
            number=None, sentence="the MLP is left out", function=lambda h, w, d, m, r: slow_macs(h, w, d, m)
        ),
        Misconception(
            number=None,
            sentence="only one of the MLP's two layers is counted",
            function=lambda h, w, d, m, r: slow_macs(h, w, d, m) + h * w * r * d * d,
        ),
        Misconception(
            number=None,
            sentence="additions are counted too: these are operations, twice the multiply-accumulates",
            function=lambda h, w, d, m, r: 2 * _slow_block_macs(h, w, d, m, r),
        ),
    ),
)

WINDOW_ATTENTION_MACS = Exercise(
    id="swinir.window_attention_macs",
    parameters="height, width, dim, window",
    summary="""Multiply-accumulate operations of one multi-head attention within windows, for a map of
height x width tokens of dim channels. All whole numbers; window divides both sides. Counted are the
projections to queries, keys and values, the scores, the weighted sum of values and the output projection;
softmax, biases and additions are not. The number of heads does not matter. Returns a Python int.""",
    minutes=10,
    difficulty=2,
    importance=4,
    points=3,
    oracle=slow_macs,
    cases=_macs_cases,
    properties=(
        known_value(
            "one token of one channel: 4 projections, 1 score, 1 sum", lambda rng: (1, 1, 1, 1), lambda *_: 6
        ),
        known_value(
            "Swin's Eq. 2 at 56 x 56, dim 96, window 7: 4 h w C^2 + 2 M^2 h w C",
            lambda rng: (56, 56, 96, 7),
            lambda *_: 4 * 56 * 56 * 96**2 + 2 * 49 * 56 * 56 * 96,
        ),
        invariant(
            "height and width count alike", lambda rng: (16, 24, 12, 8), lambda h, w, d, m: (w, h, d, m)
        ),
    ),
    misconceptions=tuple(
        Misconception(number=None, sentence=sentence, function=function)
        for sentence, function in (
            (
                "every token attends to the whole map; within windows it is window^2 tokens",
                _count(tokens=lambda h, w, m: h * w),
            ),
            ("a window holds window^2 tokens, not window", _count(tokens=lambda h, w, m: m)),
            ("the output projection is missing", _count(projections=3)),
            ("the projections are counted once, but there are four", _count(projections=1)),
            ("the projections are missing", _count(projections=0)),
            ("the weighted sum of the values is missing", _count(products=1)),
            ("multiplications and additions are counted apart: that is twice as many", _count(factor=2)),
        )
    ),
    sibling=BLOCK_MACS,
)


def slow_share(image: Tensor, cutoff: float, square: bool = False, low: bool = False) -> Tensor:
    """Frequency after frequency, each a sum over all pixels."""
    b, h, w = image.shape
    y, x = torch.arange(h, dtype=torch.float64), torch.arange(w, dtype=torch.float64)
    total, high = torch.zeros(b, dtype=torch.float64), torch.zeros(b, dtype=torch.float64)
    for u in range(h):
        for v in range(w):
            wave = torch.outer(torch.exp(-2j * math.pi * u * y / h), torch.exp(-2j * math.pi * v * x / w))
            energy = (image.double() * wave).sum((1, 2)).abs() ** 2
            # Frequencies beyond one half are negative ones: u / h - 1.
            fy, fx = (u / h if 2 * u < h else u / h - 1), (v / w if 2 * v < w else v / w - 1)
            size = max(abs(fy), abs(fx)) if square else math.hypot(fy, fx)
            total += energy
            high += energy * ((size <= cutoff) if low else (size > cutoff))
    return (high / total).to(image.dtype)


def _share_cases(rng: np.random.Generator) -> list[Case]:
    found = []
    for i, (cutoff, scale) in enumerate([(0.23, 1.0), (0.11, 1e3), (0.37, 1e-3), (0.52, 1.0)]):
        b, h, w = distinct(rng, 3, 7, 13)
        b = 1 if i == 1 else b - 5
        image = (random(rng, b, h, w).cumsum(1).cumsum(2) + 3 * random(rng, b, h, w) + 5) * scale
        found.append(Case(name=f"{b} x {h} x {w}, cutoff {cutoff:g}", args=(image, cutoff)))
    return found


def _stripes(cycles: int, offset: float) -> Callable[[np.random.Generator], tuple[Tensor, float]]:
    """Waves along the columns of a 12 x 20 picture, on a constant."""

    def make(rng: np.random.Generator) -> tuple[Tensor, float]:
        x = torch.arange(20, dtype=torch.float64)
        return (offset + torch.cos(2 * math.pi * cycles * x / 20)).expand(2, 12, 20).clone(), 0.22

    return make


def _fast(
    power: float = 2.0,
    *,
    frequency: Callable[[int], Tensor] = torch.fft.fftfreq,
    shift: bool = False,
    keep: Callable[[Tensor, Tensor, float], Tensor] = lambda fy, fx, cutoff: (fy**2 + fx**2).sqrt() > cutoff,
    mean: bool = True,
    pooled: bool = False,
) -> Call:
    def energy_share(image: Tensor, cutoff: float) -> Tensor:
        x = image if mean else image - image.mean((1, 2), keepdim=True)
        spectrum = torch.fft.fft2(x).abs() ** power
        spectrum = torch.fft.fftshift(spectrum, (1, 2)) if shift else spectrum
        fy, fx = frequency(image.shape[1]).to(image)[:, None], frequency(image.shape[2]).to(image)
        high, total = (spectrum * keep(fy, fx, cutoff)).sum((1, 2)), spectrum.sum((1, 2))
        share: Tensor = (high.sum() / total.sum()).expand(len(image)).clone() if pooled else high / total
        return share

    return energy_share


def _index(n: int) -> Tensor:
    return torch.arange(n) / n


LOW_FREQUENCY_SHARE = Exercise(
    id="swinir.low_frequency_share",
    parameters="image, cutoff",
    summary="""The share of a picture's energy at low frequencies. image: (b, h, w), real, float32 or
float64; cutoff: a frequency in cycles per pixel. Of |F|^2, F the two-dimensional Fourier transform of an
image, the sum over frequencies with both |fy| and |fx| at most cutoff, divided by the sum over all, the
mean (frequency 0) included. Returns (b,), same dtype.""",
    minutes=12,
    difficulty=3,
    importance=3,
    points=4,
    oracle=lambda image, cutoff: slow_share(image, cutoff, square=True, low=True),
    cases=_share_cases,
    properties=(
        known_value(
            "a constant has share 1",
            lambda rng: (torch.full((2, 9, 8), 0.4, dtype=torch.float64), 0.1),
            lambda x, c: torch.ones(2, dtype=torch.float64),
        ),
    ),
    misconceptions=(
        Misconception(
            number=None,
            sentence="a disc is taken, sqrt(fy^2 + fx^2), not a square",
            function=_fast(keep=lambda fy, fx, c: (fy**2 + fx**2).sqrt() <= c),
        ),
        Misconception(
            number=None,
            sentence="the share of the high frequencies is returned",
            function=_fast(keep=lambda fy, fx, c: torch.maximum(fy.abs(), fx.abs()) > c),
        ),
        Misconception(
            number=None,
            sentence="magnitudes are summed, not their squares",
            function=_fast(1.0, keep=lambda fy, fx, c: torch.maximum(fy.abs(), fx.abs()) <= c),
        ),
    ),
)

HIGH_FREQUENCY_SHARE = Exercise(
    id="swinir.high_frequency_share",
    parameters="image, cutoff",
    summary="""The share of a picture's energy at high frequencies. image: (b, h, w), real, float32 or
float64; cutoff: a frequency in cycles per pixel (the finest that a grid holds along an axis is 0.5). Of
|F|^2, F the two-dimensional Fourier transform of an image, the sum over frequencies with sqrt(fy^2 + fx^2)
> cutoff, divided by the sum over all, the mean (frequency 0) included. Returns (b,), same dtype.""",
    minutes=12,
    difficulty=3,
    importance=4,
    points=4,
    oracle=slow_share,
    cases=_share_cases,
    properties=(
        known_value(
            "a constant has share 0",
            lambda rng: (torch.full((2, 9, 8), 0.4, dtype=torch.float64), 0.1),
            lambda x, c: torch.zeros(2, dtype=torch.float64),
        ),
        known_value(
            "1 + cos, 7 cycles over 20 pixels: the wave holds 1/2 of 3/2, cutoff 0.22",
            _stripes(7, 1.0),
            lambda x, c: torch.full((2,), 1 / 3, dtype=torch.float64),
        ),
        known_value(
            "the same with 3 cycles (0.15 a pixel) lies below the cutoff",
            _stripes(3, 1.0),
            lambda x, c: torch.zeros(2, dtype=torch.float64),
        ),
        homogeneous(
            "brightness does not matter: a share has no unit", lambda rng: (random(rng, 2, 7, 10), 0.3), 0
        ),
        items_independent("each image has its own share", lambda rng: (random(rng, 3, 7, 10), 0.2)),
    ),
    misconceptions=tuple(
        Misconception(number=None, sentence=sentence, function=function)
        for sentence, function in (
            ("magnitudes are summed, not their squares: energy is |F|^2", _fast(1.0)),
            (
                "frequencies beyond the middle are taken for high; they are the negative ones",
                _fast(frequency=_index),
            ),
            ("the spectrum is shifted but the frequencies are not", _fast(shift=True)),
            ("the mean is removed first; frequency 0 belongs to the sum", _fast(mean=False)),
            (
                "a square is taken, max(|fy|, |fx|), not a disc",
                _fast(keep=lambda fy, fx, c: torch.maximum(fy.abs(), fx.abs()) > c),
            ),
            (
                "the share of the low frequencies is returned",
                _fast(keep=lambda fy, fx, c: (fy**2 + fx**2).sqrt() <= c),
            ),
            (
                "the cutoff is taken as a share of 0.5: frequencies are in cycles per pixel",
                _fast(keep=lambda fy, fx, c: (fy**2 + fx**2).sqrt() > c / 2),
            ),
            (
                "the frequency is not rooted: fy^2 + fx^2 is compared with the cutoff",
                _fast(keep=lambda fy, fx, c: fy**2 + fx**2 > c),
            ),
            ("all images are pooled: each has its own share", _fast(pooled=True)),
        )
    ),
    sibling=LOW_FREQUENCY_SHARE,
)
