"""`swinir.high_frequency_share`: how much of a picture's energy is detail."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, homogeneous, items_independent, known_value, random


def _energy(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """|F|^2, and the frequencies of its rows and columns in cycles per pixel."""
    fy, fx = (torch.fft.fftfreq(n, dtype=torch.float64) for n in image.shape[1:])
    return torch.fft.fft2(image.double()).abs() ** 2, fy[:, None], fx


def _share(image: Tensor, energy: Tensor, kept: Tensor) -> Tensor:
    return ((energy * kept).sum((1, 2)) / energy.sum((1, 2))).to(image.dtype)


def _slow(image: Tensor, kept: Callable[[float, float], bool]) -> Tensor:
    """Frequency after frequency, each a sum over all pixels."""
    b, h, w = image.shape
    y, x = torch.arange(h, dtype=torch.float64), torch.arange(w, dtype=torch.float64)
    total, some = torch.zeros(b, dtype=torch.float64), torch.zeros(b, dtype=torch.float64)
    for u in range(h):
        for v in range(w):
            wave = torch.outer(torch.exp(-2j * math.pi * u * y / h), torch.exp(-2j * math.pi * v * x / w))
            energy = (image.double() * wave).sum((1, 2)).abs() ** 2
            total += energy
            # Frequencies beyond one half are negative ones: u / h - 1.
            if kept(u / h if 2 * u < h else u / h - 1, v / w if 2 * v < w else v / w - 1):
                some += energy
    return (some / total).to(image.dtype)


def high_frequency_share(image: Tensor, cutoff: float) -> Tensor:
    """Outside a disc of frequencies."""
    return _slow(image, lambda fy, fx: math.hypot(fy, fx) > cutoff)


def low_frequency_share(image: Tensor, cutoff: float) -> Tensor:
    """Inside a square of frequencies."""
    return _slow(image, lambda fy, fx: max(abs(fy), abs(fx)) <= cutoff)


def _disc(image: Tensor, limit: float, power: float = 2.0) -> Tensor:
    energy, fy, fx = _energy(image)
    return _share(image, energy ** (power / 2), (fy**2 + fx**2).sqrt() > limit)


def _square(image: Tensor, cutoff: float, power: float = 2.0) -> Tensor:
    energy, fy, fx = _energy(image)
    return _share(image, energy ** (power / 2), torch.maximum(fy.abs(), fx.abs()) > cutoff)


def _no_negatives(image: Tensor, cutoff: float) -> Tensor:
    y, x = (torch.arange(n) / n for n in image.shape[1:])
    return _share(image, _energy(image)[0], (y[:, None] ** 2 + x**2).sqrt() > cutoff)


def _shifted(image: Tensor, cutoff: float) -> Tensor:
    energy, fy, fx = _energy(image)
    return _share(image, torch.fft.fftshift(energy, (1, 2)), (fy**2 + fx**2).sqrt() > cutoff)


def _pooled(image: Tensor, cutoff: float) -> Tensor:
    energy, fy, fx = _energy(image)
    return (
        ((energy * ((fy**2 + fx**2).sqrt() > cutoff)).sum() / energy.sum()).to(image.dtype).repeat(len(image))
    )


def _cases(rng: np.random.Generator) -> list[Case]:
    found = []
    for i, (cutoff, scale) in enumerate([(0.23, 1.0), (0.11, 1e3), (0.37, 1e-3), (0.52, 1.0)]):
        b, h, w = distinct(rng, 3, 7, 13)
        b = 1 if i == 1 else b - 5
        image = (random(rng, b, h, w).cumsum(1).cumsum(2) + 3 * random(rng, b, h, w) + 5) * scale
        found.append(case(f"{b} x {h} x {w}, cutoff {cutoff:g}", image, cutoff))
    return found


def _tied(rng: np.random.Generator) -> tuple[Tensor, float]:
    """On an 8 x 8 grid the frequency 0.25 itself occurs: a wave of 2 cycles."""
    x = torch.arange(8, dtype=torch.float64)
    return (1 + torch.cos(2 * math.pi * 2 * x / 8)).expand(2, 8, 8).clone(), 0.25


def _stripes(cycles: int) -> tuple[Tensor, float]:
    """1 + cos along the columns of a 12 x 20 picture."""
    x = torch.arange(20, dtype=torch.float64)
    return (1 + torch.cos(2 * math.pi * cycles * x / 20)).expand(2, 12, 20).clone(), 0.22


SIBLING = Exercise(
    id="swinir.low_frequency_share",
    parameters="image, cutoff",
    summary="""The share of a picture's energy at low frequencies. `image` (b, h, w), real, float32 or
float64; `cutoff`: a frequency in cycles per pixel. Of |F|^2, F the two-dimensional Fourier transform of an
image, the sum over frequencies with both |fy| and |fx| at most cutoff, divided by the sum over all, the
mean (frequency 0) included. Returns (b,), same dtype.""",
    minutes=12,
    difficulty=3,
    importance=3,
    points=4,
    oracle=low_frequency_share,
    cases=_cases,
    properties=(
        known_value(
            "a constant has share 1",
            lambda rng: (torch.full((2, 9, 8), 0.4).double(), 0.1),
            lambda *_: torch.ones(2).double(),
        ),
        known_value(
            "at most: the frequency 0.25 itself counts at cutoff 0.25",
            _tied,
            lambda *_: torch.ones(2).double(),
        ),
    ),
    misconceptions=(
        wrong("a disc is taken, sqrt(fy^2 + fx^2), not a square", lambda x, c: 1 - _disc(x, c)),
        wrong("the share of the high frequencies is returned", _square),
        wrong("magnitudes are summed, not their squares", lambda x, c: 1 - _square(x, c, power=1.0)),
    ),
)

EXERCISE = Exercise(
    id="swinir.high_frequency_share",
    parameters="image, cutoff",
    summary=r"""The share of a picture's energy at high frequencies. `image` (b, h, w), real, float32 or
float64; `cutoff`: a frequency in cycles per pixel (the finest that a grid holds along an axis is 0.5). Of
$|F|^2$, F the two-dimensional Fourier transform of an image, the sum over frequencies with $\sqrt{f_y^2 +
f_x^2}$ > cutoff (the cutoff itself is low), divided by the sum over all, the mean (frequency 0) included.
Returns (b,), same dtype.""",
    minutes=12,
    difficulty=3,
    importance=4,
    points=4,
    oracle=high_frequency_share,
    cases=_cases,
    properties=(
        known_value(
            "a constant has share 0",
            lambda rng: (torch.full((2, 9, 8), 0.4).double(), 0.1),
            lambda *_: torch.zeros(2).double(),
        ),
        known_value(
            "1 + cos, 7 cycles over 20 pixels: the wave holds 1/2 of 3/2, cutoff 0.22",
            lambda rng: _stripes(7),
            lambda *_: torch.ones(2).double() / 3,
        ),
        known_value(
            "the same with 3 cycles (0.15 a pixel) lies below the cutoff",
            lambda rng: _stripes(3),
            lambda *_: torch.zeros(2).double(),
        ),
        known_value(
            "more than the cutoff: the frequency 0.25 itself is low at cutoff 0.25",
            _tied,
            lambda *_: torch.zeros(2).double(),
        ),
        homogeneous(
            "brightness does not matter: a share has no unit", lambda rng: (random(rng, 2, 7, 10), 0.3), 0
        ),
        items_independent("each image has its own share", lambda rng: (random(rng, 3, 7, 10), 0.2)),
    ),
    misconceptions=(
        wrong(
            "magnitudes are summed, not their squares: energy is |F|^2", lambda x, c: _disc(x, c, power=1.0)
        ),
        wrong("frequencies beyond the middle are taken for high; they are the negative ones", _no_negatives),
        wrong("the spectrum is shifted but the frequencies are not", _shifted),
        wrong(
            "the mean is removed first; frequency 0 belongs to the sum",
            lambda x, c: _disc(x - x.mean((1, 2), keepdim=True), c),
        ),
        wrong("a square is taken, max(|fy|, |fx|), not a disc", _square),
        wrong("the share of the low frequencies is returned", lambda x, c: 1 - _disc(x, c)),
        wrong(
            "the cutoff is taken as a share of 0.5: frequencies are in cycles per pixel",
            lambda x, c: _disc(x, c / 2),
        ),
        wrong(
            "the frequency is not rooted: fy^2 + fx^2 is compared with the cutoff",
            lambda x, c: _disc(x, c**0.5),
        ),
        wrong("all images are pooled: each has its own share", _pooled),
    ),
    sibling=SIBLING,
)
