"""`swinir.pad_to_window`: an image extended until whole windows fit."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, items_independent, known_value, pixel_ids, random


def _mirrored(place: int, length: int) -> int:
    """The index that a place of a mirrored row reads: 0 1 2 3 2 1 0 1 ..."""
    place %= 2 * (length - 1)
    return place if place < length else 2 * (length - 1) - place


def _missing(x: Tensor, window: int) -> tuple[int, int]:
    return -x.shape[2] % window, -x.shape[3] % window


def _extended(x: Tensor, top: int, left: int, more: tuple[int, int]) -> Tensor:
    """Pixel by pixel."""
    h, w = x.shape[2:]
    rows = [_mirrored(i - top, h) for i in range(h + more[0])]
    columns = [_mirrored(j - left, w) for j in range(w + more[1])]
    return torch.stack([torch.stack([x[:, :, i, j] for j in columns], -1) for i in rows], -2)


def pad_to_window(x: Tensor, window: int) -> Tensor:
    """All at the bottom and the right."""
    return _extended(x, 0, 0, _missing(x, window))


def pad_around(x: Tensor, window: int) -> Tensor:
    """Half at the top and the left, rounded down."""
    more = _missing(x, window)
    return _extended(x, more[0] // 2, more[1] // 2, more)


def _end(x: Tensor, more: tuple[int, int], mode: str = "reflect") -> Tensor:
    return F.pad(x, (0, more[1], 0, more[0]), mode=mode)


def _around(x: Tensor, window: int, mode: str) -> Tensor:
    h, w = _missing(x, window)
    return F.pad(x, (w // 2, w - w // 2, h // 2, h - h // 2), mode=mode)


def _flipped(x: Tensor, window: int) -> Tensor:
    h, w = (n + more for n, more in zip(x.shape[2:], _missing(x, window), strict=True))
    x = torch.cat([x, x.flip(2)], 2)[:, :, :h]
    return torch.cat([x, x.flip(3)], 3)[..., :w]


def _cases(rng: np.random.Generator) -> list[Case]:
    """Both sides to pad, one, none; by one and by many."""
    found = []
    plan = [(8, 5, 7, 1.0), (4, 0, 1, 1e3), (7, 4, 0, 1e-3), (8, 0, 0, 1.0), (5, 3, 4, 1.0)]
    for i, (window, rest_h, rest_w, size) in enumerate(plan):
        (m, n), (b, c) = distinct(rng, 2, 2, 4), distinct(rng, 2, 2, 5)
        b = 1 if i == 1 else b
        x = random(rng, b, c, m * window + rest_h, n * window + rest_w, scale=size)
        found.append(case(f"{b} x {c} x {x.shape[2]} x {x.shape[3]}, window {window}", x, window))
    return found


FITS = known_value(
    "an image that already fits is left as it is",
    lambda rng: (random(rng, 2, 3, 8, 12), 4),
    lambda x, window: x,
)
SIBLING = Exercise(
    id="swinir.pad_around",
    parameters="x, window",
    summary="""Extend an image on all sides until whole windows fit. `x` (b, c, h, w), any float dtype, h
and w larger than `window`, a whole number. Of the rows that are missing, half (rounded down) are added at
the top and the rest at the bottom; likewise left and right. New pixels mirror the image without repeating
its border: 2 1 | 0 1 2. Same dtype.""",
    minutes=10,
    difficulty=2,
    importance=3,
    points=3,
    oracle=pad_around,
    cases=_cases,
    properties=(FITS,),
    misconceptions=(
        wrong("all is added at the bottom and the right", pad_to_window),
        wrong("zeros are added", lambda x, m: _around(x, m, "constant")),
        wrong("the border is repeated", lambda x, m: _around(x, m, "replicate")),
    ),
)

EXERCISE = Exercise(
    id="swinir.pad_to_window",
    parameters="x, window",
    summary="""Extend an image at the bottom and the right until whole windows fit. `x` (b, c, h, w), any
float dtype, h and w larger than `window`, a whole number. Each side grows to the next multiple of `window`,
and not at all where it is one. New pixels mirror the image without repeating its border: 0 1 2 3 | 2 1.
Same dtype.""",
    minutes=8,
    difficulty=2,
    importance=4,
    points=3,
    oracle=pad_to_window,
    cases=_cases,
    properties=(
        FITS,
        known_value(
            "the row 1 2 3 4 5 with window 4 becomes 1 2 3 4 5 4 3 2",
            lambda rng: (pixel_ids(1, 1, 1, 5).expand(1, 1, 8, 5).clone(), 4),
            lambda x, window: torch.tensor([1.0, 2, 3, 4, 5, 4, 3, 2]).to(x).expand(1, 1, 8, 8),
        ),
        items_independent("each image is extended alone", lambda rng: (random(rng, 3, 2, 6, 9), 4)),
    ),
    misconceptions=(
        wrong(
            "zeros are added; the image should be mirrored", lambda x, m: _end(x, _missing(x, m), "constant")
        ),
        wrong(
            "the border pixel is repeated; the image should be mirrored",
            lambda x, m: _end(x, _missing(x, m), "replicate"),
        ),
        wrong("the mirror repeats the border: 2 3 | 3 2 instead of 2 3 | 2 1", _flipped),
        wrong("the image begins again from the other side", lambda x, m: _end(x, _missing(x, m), "circular")),
        wrong(
            "the new pixels are at the top and the left",
            lambda x, m: pad_to_window(x.flip(2, 3), m).flip(2, 3),
        ),
        wrong("the new pixels are spread over all four sides", pad_around),
        wrong(
            "the two sides are swapped in F.pad: it takes the last axis first, (left, right, top, bottom)",
            lambda x, m: _end(x, _missing(x, m)[::-1]),
        ),
        wrong(
            "a whole window is added where none is needed: take the remainder once more",
            lambda x, m: _end(x, (m - x.shape[2] % m, m - x.shape[3] % m)),
        ),
        wrong(
            "as many pixels are added as stand over, not as are missing",
            lambda x, m: _end(x, (x.shape[2] % m, x.shape[3] % m)),
        ),
        wrong(
            "the image is cut to whole windows instead of extended",
            lambda x, m: x[:, :, : x.shape[2] // m * m, : x.shape[3] // m * m],
        ),
    ),
    sibling=SIBLING,
)
