"""`mri.undersample`: which lines of k-space are measured."""

import math

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, homogeneous, known_value, random_complex


def _regular(w: int, a: int, first: int = 0) -> Tensor:
    return torch.arange(w) % a == first % a


def _block(w: int, start: int, count: int) -> Tensor:
    return (torch.arange(w) >= start) & (torch.arange(w) < start + count)


def _centre(w: int, fraction: float) -> Tensor:
    count = round(w * fraction)
    return _block(w, (w - count + 1) // 2, count)


def undersample(kspace: Tensor, acceleration: int, center_fraction: float) -> Tensor:
    """Copy the kept columns into zeros, one after the other."""
    found, w = torch.zeros_like(kspace), kspace.shape[-1]
    for column in (_regular(w, acceleration) | _centre(w, center_fraction)).nonzero().flatten().tolist():
        found[..., column] = kspace[..., column]
    return found


def undersample_rows(kspace: Tensor, acceleration: int, center_fraction: float) -> Tensor:
    """Rows, from row 1 on."""
    h = kspace.shape[-2]
    return kspace * (_regular(h, acceleration, 1) | _centre(h, center_fraction))[:, None]


def _other_centre(k: Tensor, a: int, start: int, count: int) -> Tensor:
    """The regular columns and another central block."""
    return k * (_regular(k.shape[-1], a) | _block(k.shape[-1], start, count))


def _cases(rng: np.random.Generator) -> list[Case]:
    """Sides whose share is rounded up, down, and at the half; odd and even, with centres of both parities."""
    plan = [
        (4, 0.2, (19, 29), 0, 1.0),  # 3.8 and 5.8: odd sides, even centres
        (3, 0.25, (18, 26), 1, 1e3),  # 4.5 and 6.5, which Python rounds down
        (5, 0.3, (16, 22), 2, 1e-3),  # 4.8 and 6.6: even sides, odd centres
        (6, 0.25, (19, 27), 1, 1.0),  # 4.75 and 6.75: odd sides, odd centres
        (10, 0.23, (14, 22), 0, 1.0),  # 3.2 and 5.1, which no rounding up may touch
        (7, 0.16, tuple(distinct(rng, 2, 15, 30)), 1, 1.0),
    ]
    found = []
    for acceleration, fraction, sides, leading, scale in plan:
        shape = (*distinct(rng, leading, 1, 4), *(int(side) for side in rng.permutation(sides)))
        name = f"{' x '.join(map(str, shape))}, acceleration {acceleration}, centre {fraction:g}"
        found.append(case(name, random_complex(rng, *shape, scale=scale), acceleration, fraction))
    return found


SIBLING = Exercise(
    id="mri.undersample_rows",
    parameters="kspace, acceleration, center_fraction",
    summary="""Keep some rows of k-space and set the others to zero. `kspace` (..., h, w), complex64 or
complex128. Kept are the rows (second-last axis) 1, 1 + a, 1 + 2a, ... and the central c = round(h *
center_fraction) rows from (h - c + 1) // 2 on; `round` is Python's. All leading axes share the mask.
Returns the same shape and dtype.""",
    minutes=10,
    difficulty=2,
    importance=4,
    points=4,
    oracle=undersample_rows,
    cases=_cases,
    misconceptions=(
        wrong("columns are kept; it should be rows", undersample),
        wrong("the regular rows begin at 0, not at 1", lambda k, a, f: undersample(k.mT, a, f).mT),
        wrong("the central block is missing", lambda k, a, f: undersample_rows(k, a, 0.0)),
    ),
)

EXERCISE = Exercise(
    id="mri.undersample",
    parameters="kspace, acceleration, center_fraction",
    summary="""Keep some columns of k-space and set the others to zero. `kspace` (..., h, w), complex64 or
complex128. Kept are the columns (last axis) 0, a, 2a, ... for `acceleration` a, and the central c = round(w
* center_fraction) columns from (w - c + 1) // 2 on; `round` is Python's. All rows and all leading axes
share the mask. Returns the same shape and dtype.""",
    minutes=10,
    difficulty=2,
    importance=5,
    points=4,
    oracle=undersample,
    cases=_cases,
    properties=(
        known_value(
            "12 columns, acceleration 12, centre 0.25: columns 0, 5, 6, 7 alone are kept, as they were, all rows alike",
            lambda rng: (torch.ones(2, 5, 12, dtype=torch.complex128), 12, 0.25),
            lambda k, a, f: torch.tensor([1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0]).to(k).expand_as(k),
        ),
        known_value(
            "acceleration 1 keeps everything",
            lambda rng: (random_complex(rng, 2, 5, 8), 1, 0.1),
            lambda k, a, f: k,
        ),
        homogeneous(
            "three times the data give three times as much",
            lambda rng: (random_complex(rng, 2, 9, 7), 3, 0.3),
            1,
        ),
    ),
    misconceptions=(
        wrong(
            "rows are kept; it should be columns, the last axis", lambda k, a, f: undersample(k.mT, a, f).mT
        ),
        wrong("the central block is missing", lambda k, a, f: undersample(k, a, 0.0)),
        wrong(
            "the regular columns are missing: only the centre is kept",
            lambda k, a, f: k * _centre(k.shape[-1], f),
        ),
        wrong(
            "the central block begins one too early",
            lambda k, a, f: _other_centre(
                k, a, (k.shape[-1] - (c := round(k.shape[-1] * f)) + 1) // 2 - 1, c
            ),
        ),
        wrong(
            "the central block begins one too late",
            lambda k, a, f: _other_centre(
                k, a, (k.shape[-1] - (c := round(k.shape[-1] * f)) + 1) // 2 + 1, c
            ),
        ),
        wrong(
            "the central block begins at (w - c) // 2 instead of (w - c + 1) // 2",
            lambda k, a, f: _other_centre(k, a, (k.shape[-1] - (c := round(k.shape[-1] * f))) // 2, c),
        ),
        wrong(
            "the central block begins at w // 2 - c // 2 instead of (w - c + 1) // 2",
            lambda k, a, f: _other_centre(k, a, k.shape[-1] // 2 - (c := round(k.shape[-1] * f)) // 2, c),
        ),
        wrong(
            "the central block lies at the left edge: this k-space is centred",
            lambda k, a, f: _other_centre(k, a, 0, round(k.shape[-1] * f)),
        ),
        wrong(
            "the number of central columns is cut off, not rounded",
            lambda k, a, f: _other_centre(k, a, (k.shape[-1] - (c := int(k.shape[-1] * f)) + 1) // 2, c),
        ),
        wrong(
            "the number of central columns is rounded up",
            lambda k, a, f: _other_centre(
                k, a, (k.shape[-1] - (c := math.ceil(k.shape[-1] * f)) + 1) // 2, c
            ),
        ),
        wrong(
            "halves are rounded up; Python's round takes 2.5 to 2",
            lambda k, a, f: _other_centre(
                k, a, (k.shape[-1] - (c := int(k.shape[-1] * f + 0.5)) + 1) // 2, c
            ),
        ),
        wrong("the mask is inverted: what should be kept is zero", lambda k, a, f: k - undersample(k, a, f)),
        wrong(
            "the regular columns begin at a - 1, not at 0",
            lambda k, a, f: k * (_regular(k.shape[-1], a, a - 1) | _centre(k.shape[-1], f)),
        ),
        wrong(
            "the regular columns begin at a // 2, not at 0",
            lambda k, a, f: k * (_regular(k.shape[-1], a, a // 2) | _centre(k.shape[-1], f)),
        ),
        wrong(
            "kept columns are scaled up by the acceleration; they must stay as measured",
            lambda k, a, f: a * undersample(k, a, f),
        ),
    ),
    sibling=SIBLING,
)
