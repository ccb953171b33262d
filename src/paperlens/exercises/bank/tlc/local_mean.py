"""`tlc.local_mean`: what a global average becomes when it sees only as much as in training."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, homogeneous, items_independent, known_value, random


def local_mean(x: Tensor, kernel_size: int) -> Tensor:
    """Pixel after pixel; at a border the window is moved inside."""
    out, (h, w), k = torch.empty_like(x), x.shape[2:], kernel_size
    for i in range(h):
        for j in range(w):
            top, left = min(max(i - k // 2, 0), h - k), min(max(j - k // 2, 0), w - k)
            out[:, :, i, j] = x[:, :, top : top + k, left : left + k].mean((2, 3))
    return out


def local_mean_inside(x: Tensor, kernel_size: int) -> Tensor:
    """At a border, of the pixels that are there."""
    return F.avg_pool2d(x, kernel_size, 1, kernel_size // 2, count_include_pad=False)


def _valid(x: Tensor, k: int) -> Tensor:
    """The means of all full windows: (b, c, h - k + 1, w - k + 1)."""
    return F.avg_pool2d(x, k, 1)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Odd windows from one pixel up to the whole of a side; the mean is not zero."""
    found = []
    for i, (k, scale) in enumerate([(3, 1.0), (5, 1e3), (7, 1e-3), (1, 1.0), (5, 1.0)]):
        b, c, h, w = *distinct(rng, 2, 2, 4), *distinct(rng, 2, 7, 13)
        b, h = [(b, h), (1, h), (b, 7), (b, h), (b, h)][i]
        x = (random(rng, b, c, h, w) + 2) * scale
        found.append(case(f"{b} x {c} x {h} x {w}, a window of {k}", x, k))
    return found


def _padded(x: Tensor, k: int, mode: str) -> Tensor:
    return F.avg_pool2d(F.pad(x, (k // 2,) * 4, mode=mode), k, 1)


def _far(rng: np.random.Generator) -> tuple[Tensor, int]:
    x = torch.zeros(1, 1, 9, 11).double()
    x[..., 4, 5] = 9.0
    return x, 3


def _seen(x: Tensor, k: int) -> Tensor:
    seen = torch.zeros_like(x)
    seen[..., 3:6, 4:7] = 1.0
    return seen


SIBLING = Exercise(
    id="tlc.local_mean_inside",
    parameters="x, kernel_size",
    summary="""The mean of each pixel's neighbourhood. `x` (b, c, h, w), float32 or float64; `kernel_size`
odd, at most h and w. The window lies around the pixel; where it reaches over the border, the mean is taken
of the pixels inside the image. Same shape and dtype out.""",
    minutes=10,
    difficulty=2,
    importance=3,
    points=4,
    oracle=local_mean_inside,
    cases=_cases,
    misconceptions=(
        wrong("the window is moved inside at a border; here it is cut", local_mean),
        wrong("zeros outside are counted", lambda x, k: _padded(x, k, "constant")),
        wrong("the border is repeated outside and counted", lambda x, k: _padded(x, k, "replicate")),
    ),
)

EXERCISE = Exercise(
    id="tlc.local_mean",
    parameters="x, kernel_size",
    summary="""The mean of the window around each pixel, in place of the mean of the whole map. `x` (b, c,
h, w), float32 or float64; `kernel_size` k odd, at most h and w. Where the k x k window would reach over the
border, the value of the nearest pixel with a full window is repeated. Same shape and dtype out.""",
    minutes=15,
    difficulty=2,
    importance=4,
    points=5,
    oracle=local_mean,
    cases=_cases,
    properties=(
        known_value(
            "a constant stays what it is, borders too",
            lambda rng: (torch.full((2, 3, 7, 9), 0.4).double(), 5),
            lambda x, k: x,
        ),
        known_value("one pixel of 9 is seen as 1 in its 3 x 3 window, and nowhere else", _far, _seen),
        known_value(
            "a window of one pixel changes nothing", lambda rng: (random(rng, 2, 3, 5, 4), 1), lambda x, k: x
        ),
        known_value(
            "a window as large as the map gives the mean of the map everywhere",
            lambda rng: (random(rng, 2, 3, 7, 7), 7),
            lambda x, k: x.mean((2, 3), keepdim=True).expand_as(x),
        ),
        homogeneous(
            "twice the map gives twice the means", lambda rng: (random(rng, 2, 3, 7, 8), 3), 1, factor=2.0
        ),
        items_independent("each image alone gives the same", lambda rng: (random(rng, 3, 2, 7, 8), 3)),
    ),
    misconceptions=(
        wrong(
            "the mean is global: a far pixel counts",
            lambda x, k: x.mean((2, 3), keepdim=True).expand_as(x).clone(),
        ),
        wrong("zeros outside are counted at the border", lambda x, k: _padded(x, k, "constant")),
        wrong("at the border the window is cut, not replaced by the nearest full one", local_mean_inside),
        wrong(
            "the image is mirrored at the border; repeat the nearest full window's mean",
            lambda x, k: _padded(x, k, "reflect"),
        ),
        wrong(
            "the image's border is repeated before the mean; repeat the means after it",
            lambda x, k: _padded(x, k, "replicate"),
        ),
        wrong("the windows are summed, not averaged", lambda x, k: local_mean(x, k) * k * k),
        wrong("the sum is divided by k, not by k^2", lambda x, k: local_mean(x, k) * k),
        wrong(
            "only rows are averaged",
            lambda x, k: F.pad(F.avg_pool2d(x, (k, 1), 1), (0, 0, k // 2, k // 2), mode="replicate"),
        ),
        wrong(
            "only columns are averaged",
            lambda x, k: F.pad(F.avg_pool2d(x, (1, k), 1), (k // 2, k // 2, 0, 0), mode="replicate"),
        ),
        wrong(
            "the result is shifted: all the padding is at the bottom and the right",
            lambda x, k: F.pad(_valid(x, k), (0, k - 1, 0, k - 1), mode="replicate"),
        ),
        wrong("the borders are filled with zeros", lambda x, k: F.pad(_valid(x, k), (k // 2,) * 4)),
        wrong("the result is smaller: the borders are missing", _valid),
        wrong(
            "the channels are averaged too",
            lambda x, k: local_mean(x, k).mean(1, keepdim=True).expand_as(x).clone(),
        ),
    ),
    sibling=SIBLING,
)
