"""The exercises `mri.undersample` and `mri.data_consistency`: which lines are measured, and trusting them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Call, Case, Exercise, Misconception
from paperlens.exercises.engine.kit import distinct, homogeneous, known_value, local, random_complex


def kept_columns(width: int, acceleration: int, center_fraction: float, first: int = 0) -> list[int]:
    """The lines that the contract keeps, counted out."""
    central = round(width * center_fraction)
    start = (width - central + 1) // 2
    return [i for i in range(width) if (i - first) % acceleration == 0 or start <= i < start + central]


def slow_undersample(kspace: Tensor, acceleration: int, center_fraction: float) -> Tensor:
    """Copy the kept columns into zeros, one after the other."""
    found = torch.zeros_like(kspace)
    for column in kept_columns(kspace.shape[-1], acceleration, center_fraction):
        found[..., column] = kspace[..., column]
    return found


def _slow_undersample_rows(kspace: Tensor, acceleration: int, center_fraction: float) -> Tensor:
    found = torch.zeros_like(kspace)
    for row in kept_columns(kspace.shape[-2], acceleration, center_fraction, first=1):
        found[..., row, :] = kspace[..., row, :]
    return found


def _undersample_cases(rng: np.random.Generator) -> list[Case]:
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
        h, w = (int(side) for side in rng.permutation(sides))
        shape = (*distinct(rng, leading, 1, 4), h, w)
        name = f"{' x '.join(map(str, shape))}, acceleration {acceleration}, centre {fraction:g}"
        found.append(Case(name=name, args=(random_complex(rng, *shape, scale=scale), acceleration, fraction)))
    return found


def _by_columns(keep: Callable[[int, int, float], Tensor]) -> Call:
    return lambda k, a, f: k * keep(k.shape[-1], a, f)


def _mask(
    *,
    first: Callable[[int], int] = lambda a: 0,
    central: Callable[[float], int] = round,
    start: Callable[[int, int], int] = lambda w, c: (w - c + 1) // 2,
) -> Callable[[int, int, float], Tensor]:
    def keep(w: int, a: int, fraction: float) -> Tensor:
        c = central(w * fraction)
        mask = torch.zeros(w, dtype=torch.bool)
        mask[first(a) :: a] = True
        begin = start(w, c)
        mask[begin : begin + c] = True
        return mask

    return keep


def _ids(rng: np.random.Generator) -> tuple[Tensor, int, float]:
    return random_complex(rng, 2, 6, 21), 4, 0.2


def _kept_in(x: Tensor, a: int, f: float) -> Tensor:
    mask = torch.zeros(x.shape[-1], dtype=torch.bool)
    mask[kept_columns(x.shape[-1], a, f)] = True
    return torch.where(mask, x, torch.zeros_like(x))


_WRONG_UNDERSAMPLE: tuple[tuple[int, str, Call], ...] = (
    (
        83,
        "rows are kept; it should be columns, the last axis",
        lambda k, a, f: (k.mT * _mask()(k.shape[-2], a, f)).mT,
    ),
    (84, "the central block is missing", _by_columns(_mask(central=lambda x: 0))),
    (
        84,
        "the regular columns are missing: only the centre is kept",
        _by_columns(_mask(first=lambda a: 10**6)),
    ),
    (
        84,
        "the central block begins one too early",
        _by_columns(_mask(start=lambda w, c: (w - c + 1) // 2 - 1)),
    ),
    (
        84,
        "the central block begins one too late",
        _by_columns(_mask(start=lambda w, c: (w - c + 1) // 2 + 1)),
    ),
    (
        84,
        "the central block begins at (w - c) // 2 instead of (w - c + 1) // 2",
        _by_columns(_mask(start=lambda w, c: (w - c) // 2)),
    ),
    (
        84,
        "the central block begins at w // 2 - c // 2 instead of (w - c + 1) // 2",
        _by_columns(_mask(start=lambda w, c: w // 2 - c // 2)),
    ),
    (
        84,
        "the central block lies at the left edge: this k-space is centred",
        _by_columns(_mask(start=lambda w, c: 0)),
    ),
    (84, "the number of central columns is cut off, not rounded", _by_columns(_mask(central=int))),
    (84, "the number of central columns is rounded up", _by_columns(_mask(central=math.ceil))),
    (
        84,
        "halves are rounded up; Python's round takes 2.5 to 2",
        _by_columns(_mask(central=lambda x: math.floor(x + 0.5))),
    ),
    (
        84,
        "the mask is inverted: what should be kept is zero",
        lambda k, a, f: k * ~_mask()(k.shape[-1], a, f),
    ),
    (84, "the regular columns begin at a - 1, not at 0", _by_columns(_mask(first=lambda a: a - 1))),
    (
        84,
        "the regular columns begin in the middle of the first gap, not at 0",
        _by_columns(_mask(first=lambda a: a // 2)),
    ),
    (
        84,
        "kept columns are scaled up by the acceleration; they must stay as measured",
        lambda k, a, f: a * _kept_in(k, a, f),
    ),
)


def _misconceptions(rows: tuple[tuple[int, str, Call], ...]) -> tuple[Misconception, ...]:
    return tuple(Misconception(number=n, sentence=s, function=f) for n, s, f in rows)


UNDERSAMPLE_ROWS = Exercise(
    id="mri.undersample_rows",
    parameters="kspace, acceleration, center_fraction",
    summary="""Keep some rows of k-space and set the others to zero. kspace: (..., h, w), complex64 or
complex128. Kept are the rows (second-last axis) 1, 1 + a, 1 + 2a, ... and the central c = round(h *
center_fraction) rows from (h - c + 1) // 2 on; round is Python's. All leading axes share the mask. Returns
the same shape and dtype.""",
    minutes=10,
    difficulty=2,
    importance=4,
    points=4,
    oracle=_slow_undersample_rows,
    cases=_undersample_cases,
    properties=(
        homogeneous(
            "kept values stay as they were", lambda rng: (random_complex(rng, 2, 9, 6), 3, 0.3), 1, factor=3.0
        ),
    ),
    misconceptions=(
        Misconception(number=83, sentence="columns are kept; it should be rows", function=slow_undersample),
        Misconception(
            number=84,
            sentence="the regular rows begin at 0, not at 1",
            function=lambda k, a, f: slow_undersample(k.mT, a, f).mT,
        ),
        Misconception(
            number=84,
            sentence="the central block is missing",
            function=lambda k, a, f: _slow_undersample_rows(k, a, 0.0),
        ),
    ),
)

UNDERSAMPLE = Exercise(
    id="mri.undersample",
    parameters="kspace, acceleration, center_fraction",
    summary="""Keep some columns of k-space and set the others to zero. kspace: (..., h, w), complex64 or
complex128. Kept are the columns (last axis) 0, a, 2a, ... for acceleration a, and the central c = round(w *
center_fraction) columns from (w - c + 1) // 2 on; round is Python's. All rows and all leading axes share
the mask. Returns the same shape and dtype.""",
    minutes=10,
    difficulty=2,
    importance=5,
    points=4,
    oracle=slow_undersample,
    cases=_undersample_cases,
    properties=(
        known_value(
            "of 21 columns, a = 4, the centre's 4 and every fourth are kept, as they were", _ids, _kept_in
        ),
        known_value(
            "acceleration 1 keeps everything",
            lambda rng: (random_complex(rng, 2, 5, 8), 1, 0.1),
            lambda k, a, f: k,
        ),
        known_value(
            "the other columns are exactly zero, all rows alike",
            lambda rng: (torch.ones(2, 5, 12, dtype=torch.complex128), 12, 0.25),
            lambda k, a, f: torch.tensor([1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0]).to(k).expand_as(k),
            "12 columns, acceleration 12, centre 0.25",
        ),
    ),
    misconceptions=_misconceptions(_WRONG_UNDERSAMPLE),
    sibling=UNDERSAMPLE_ROWS,
)


def slow_data_consistency(prediction: Tensor, measured: Tensor, mask: Tensor) -> Tensor:
    """Entry by entry: the measurement where there is one, else the prediction."""
    found = prediction.clone()
    full = mask.expand(prediction.shape)
    for index in full.nonzero().tolist():
        found[tuple(index)] = measured[tuple(index)]
    return found


def _slow_weighted(prediction: Tensor, measured: Tensor, mask: Tensor, weight: float) -> Tensor:
    found = prediction.clone()
    for index in mask.expand(prediction.shape).nonzero().tolist():
        at = tuple(index)
        found[at] = (prediction[at] + weight * measured[at]) / (1 + weight)
    return found


def _consistency_cases(rng: np.random.Generator) -> list[Case]:
    """Masks of every shape that broadcasts; measurements are not zero where the mask is False."""
    found = []
    for leading, kind, scale in [
        (1, "columns", 1.0),
        (2, "entries", 1e3),
        (0, "rows", 1e-3),
        (2, "batch", 1.0),
    ]:
        h, w = distinct(rng, 2, 4, 9)
        shape = (*distinct(rng, leading, 2, 3), h, w)
        sizes = {"columns": (w,), "rows": (h, 1), "entries": (h, w), "batch": (shape[0], 1, 1, w)}[kind]
        mask = torch.from_numpy(rng.permutation(np.arange(int(np.prod(sizes))) % 2 == 0).reshape(sizes))
        args = random_complex(rng, *shape, scale=scale), random_complex(rng, *shape, scale=scale), mask
        name = f"{' x '.join(map(str, shape))}, a mask of {' x '.join(map(str, sizes))}"
        found.append(Case(name=name, args=args))
    one = random_complex(rng, 1, 3, 5), random_complex(rng, 1, 3, 5)
    return [*found, Case(name="a batch of one, a mask of 5", args=(*one, torch.arange(5) % 2 == 1))]


def _weighted_cases(rng: np.random.Generator) -> list[Case]:
    weights = [1.0, 0.5, 4.0, 10.0, 0.1]
    return [
        Case(name=f"{case.name}, weight {weight:g}", args=(*case.args, weight))
        for case, weight in zip(_consistency_cases(rng), weights, strict=True)
    ]


def _consistency(rng: np.random.Generator, mask: Tensor) -> tuple[Any, ...]:
    return random_complex(rng, 2, 5, 8), random_complex(rng, 2, 5, 8), mask


EVERY_THIRD = torch.arange(8) % 3 == 0

WEIGHTED = Exercise(
    id="mri.weighted_data_consistency",
    parameters="prediction, measured, mask, weight",
    summary="""Pull a prediction towards noisy measurements. prediction and measured: k-space (..., h, w),
complex64 or complex128; mask: boolean, broadcastable, True where measured; weight: a positive number. Where
the mask is True the result is (prediction + weight * measured) / (1 + weight), elsewhere the prediction.
Same shape and dtype out.""",
    minutes=8,
    difficulty=2,
    importance=4,
    points=4,
    oracle=_slow_weighted,
    cases=_weighted_cases,
    properties=(
        known_value(
            "where nothing was measured the prediction stays",
            lambda rng: (*_consistency(rng, torch.zeros(8, dtype=torch.bool)), 2.0),
            lambda p, m, mask, w: p,
        ),
    ),
    misconceptions=(
        Misconception(
            number=86,
            sentence="measurements replace the prediction whatever the weight",
            function=lambda p, m, mask, w: slow_data_consistency(p, m, mask),
        ),
        Misconception(
            number=86,
            sentence="the weight is on the prediction instead of the measurement",
            function=lambda p, m, mask, w: _slow_weighted(p, m, mask, 1 / w),
        ),
        Misconception(
            number=86,
            sentence="the sum is not divided by 1 + weight",
            function=lambda p, m, mask, w: torch.where(mask, p + w * m, p),
        ),
    ),
)

DATA_CONSISTENCY = Exercise(
    id="mri.data_consistency",
    parameters="prediction, measured, mask",
    summary="""Put the measured values back. prediction and measured: k-space (..., h, w), complex64 or
complex128; mask: boolean, of any shape that broadcasts to them, True where measured. The result equals
measured where the mask is True and prediction elsewhere. What measured holds where the mask is False means
nothing. Same shape and dtype out.""",
    minutes=5,
    difficulty=1,
    importance=5,
    points=3,
    oracle=slow_data_consistency,
    cases=_consistency_cases,
    properties=(
        known_value(
            "sampled entries equal the measurement, the others the prediction",
            lambda rng: _consistency(rng, EVERY_THIRD),
            lambda p, m, mask: torch.where(mask, m, p),
        ),
        known_value(
            "nothing measured: the prediction stays",
            lambda rng: _consistency(rng, torch.zeros(8, dtype=torch.bool)),
            lambda p, m, mask: p,
        ),
        known_value(
            "everything measured: the measurement stays",
            lambda rng: _consistency(rng, torch.ones(8, dtype=torch.bool)),
            lambda p, m, mask: m,
        ),
        local(
            "an entry of the prediction moves its own place alone",
            lambda rng: _consistency(rng, ~EVERY_THIRD & False),
        ),
    ),
    misconceptions=_misconceptions(
        (
            (
                86,
                "the mask is read the wrong way round: True means measured",
                lambda p, m, k: torch.where(k, p, m),
            ),
            (
                86,
                "the measurement is added to the prediction instead of replacing it",
                lambda p, m, k: p + m * k,
            ),
            (
                86,
                "prediction and measurement are averaged where both exist",
                lambda p, m, k: torch.where(k, (p + m) / 2, p),
            ),
            (86, "the prediction is kept at sampled points: nothing is put back", lambda p, m, k: p.clone()),
            (86, "the prediction is dropped where nothing was measured", lambda p, m, k: m * k),
            (86, "measured is used everywhere, also where the mask is False", lambda p, m, k: m.clone()),
            (
                86,
                "measured is added where the mask is False: p (1 - mask) + measured",
                lambda p, m, k: p * ~k + m,
            ),
            (86, "the mask is applied to the prediction alone", lambda p, m, k: p * k),
        )
    ),
    sibling=WEIGHTED,
)
