"""The exercises `swinir.pixel_shuffle` and `swinir.pad_to_window`: where each number ends up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from paperlens.exercises.engine.exercise import Call, Case, Exercise, Misconception
from paperlens.exercises.engine.kit import (
    conserves,
    distinct,
    items_independent,
    known_value,
    pixel_ids,
    random,
)


def slow_pixel_shuffle(x: Tensor, scale: int) -> Tensor:
    """Entry by entry: channel c s^2 + dy s + dx of pixel (y, x) becomes pixel (y s + dy, x s + dx) of channel c."""
    b, channels, h, w = x.shape
    found = x.new_zeros(b, channels // scale**2, h * scale, w * scale)
    for c in range(found.shape[1]):
        for dy in range(scale):
            for dx in range(scale):
                found[:, c, dy::scale, dx::scale] = x[:, c * scale**2 + dy * scale + dx]
    return found


def _slow_pixel_unshuffle(x: Tensor, scale: int) -> Tensor:
    found = []
    for c in range(x.shape[1]):
        for dy in range(scale):
            found += [x[:, c, dy::scale, dx::scale] for dx in range(scale)]
    return torch.stack(found, dim=1)


def _shuffle_cases(rng: np.random.Generator) -> list[Case]:
    found = []
    for i, (scale, size) in enumerate([(2, 1.0), (3, 1e3), (4, 1e-3), (2, 1.0), (1, 1.0)]):
        b, c, h, w = distinct(rng, 4, 2, 7)
        b, c = (1, c) if i == 1 else (b, 1) if i == 3 else (b, c)
        x = random(rng, b, c * scale**2, h, w, scale=size)
        found.append(Case(name=f"{b} x {c * scale**2} x {h} x {w}, scale {scale}", args=(x, scale)))
    return found


def _unshuffle_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(name=f"{case.name}, shuffled", args=(slow_pixel_shuffle(*case.args), case.args[1]))
        for case in _shuffle_cases(rng)
    ]


def _reorder(before: tuple[str, ...], after: tuple[int, ...]) -> Call:
    """Depth to space that reads the channel axis as `before` and joins the axes b, c, h, y, w, x as `after` says."""

    def shuffle(x: Tensor, scale: int) -> Tensor:
        b, channels, h, w = x.shape
        sizes = {"c": channels // scale**2, "y": scale, "x": scale}
        parts = x.reshape(b, *(sizes[name] for name in before), h, w).permute(after)
        return parts.reshape(b, channels // scale**2, h * scale, w * scale)

    return shuffle


def _pixels(x: Tensor, scale: int) -> Tensor:
    return torch.stack(
        [torch.stack([x[0, i * scale + j, 0, 0] for j in range(scale)]) for i in range(scale)]
    ).expand(1, 1, scale, scale)


ORDER = "the channels are read in TensorFlow's order (s, s, c); this contract is torch's (c, s, s)"
UNSHUFFLE = Exercise(
    id="swinir.pixel_unshuffle",
    parameters="x, scale",
    summary="""Fold space into channels, the inverse of pixel shuffle. x: (b, c, h s, w s), any float
dtype; scale s: a whole number. Pixel (y s + dy, x s + dx) of channel c becomes pixel (y, x) of channel c
s^2 + dy s + dx. Returns (b, c s^2, h, w), same dtype.""",
    minutes=10,
    difficulty=2,
    importance=4,
    points=4,
    oracle=_slow_pixel_unshuffle,
    cases=_unshuffle_cases,
    properties=(
        conserves(
            "every number is found again once",
            lambda rng: (pixel_ids(2, 3, 4, 6), 2),
            lambda x, s: x.flatten().sort().values,
            lambda output: output.flatten().sort().values,
        ),
    ),
    misconceptions=(
        Misconception(
            number=66,
            sentence="the channels come out in TensorFlow's order (s, s, c); this contract is torch's (c, s, s)",
            function=lambda x, s: (
                x.unflatten(3, (-1, s)).unflatten(2, (-1, s)).permute(0, 3, 5, 1, 2, 4).flatten(1, 3)
            ),
        ),
        Misconception(
            number=67,
            sentence="dy and dx are exchanged",
            function=lambda x, s: (
                x.unflatten(3, (-1, s)).unflatten(2, (-1, s)).permute(0, 1, 5, 3, 2, 4).flatten(1, 3)
            ),
        ),
        Misconception(
            number=67,
            sentence="a plain reshape changes the shape and mixes the pixels",
            function=lambda x, s: x.reshape(x.shape[0], -1, x.shape[2] // s, x.shape[3] // s),
        ),
    ),
)

PIXEL_SHUFFLE = Exercise(
    id="swinir.pixel_shuffle",
    parameters="x, scale",
    summary="""Unfold channels into space, in torch's order. x: (b, c s^2, h, w), any float dtype; scale s:
a whole number. Channel c s^2 + dy s + dx of pixel (y, x) becomes pixel (y s + dy, x s + dx) of channel c.
Returns (b, c, h s, w s), same dtype. Without torch's own pixel_shuffle, if you want to learn it.""",
    minutes=10,
    difficulty=2,
    importance=5,
    points=4,
    oracle=slow_pixel_shuffle,
    cases=_shuffle_cases,
    properties=(
        known_value(
            "one pixel, 9 channels: channel k becomes pixel (k // 3, k % 3)",
            lambda rng: (pixel_ids(1, 9, 1, 1), 3),
            _pixels,
        ),
        conserves(
            "every number is found again once",
            lambda rng: (pixel_ids(2, 12, 2, 3), 2),
            lambda x, s: x.flatten().sort().values,
            lambda output: output.flatten().sort().values,
        ),
        items_independent("each image is shuffled alone", lambda rng: (random(rng, 3, 8, 2, 5), 2)),
    ),
    misconceptions=(
        Misconception(number=66, sentence=ORDER, function=_reorder(("y", "x", "c"), (0, 3, 4, 1, 5, 2))),
        Misconception(
            number=67,
            sentence="row and column inside the pixel are exchanged",
            function=_reorder(("c", "y", "x"), (0, 1, 4, 3, 5, 2)),
        ),
        Misconception(
            number=67,
            sentence="channels are read in TensorFlow's order, and row and column are exchanged",
            function=_reorder(("y", "x", "c"), (0, 3, 4, 2, 5, 1)),
        ),
        Misconception(
            number=67,
            sentence="a plain reshape changes the shape and mixes the pixels: a permutation of axes is missing",
            function=lambda x, s: x.reshape(x.shape[0], -1, x.shape[2] * s, x.shape[3] * s),
        ),
        Misconception(
            number=67,
            sentence="the small pictures are tiled side by side instead of interleaved",
            function=_reorder(("c", "y", "x"), (0, 1, 2, 4, 3, 5)),
        ),
        Misconception(
            number=67,
            sentence="one channel is repeated over its s x s pixels: that is nearest-neighbour enlargement",
            function=lambda x, s: x[:, :: s * s].repeat_interleave(s, 2).repeat_interleave(s, 3),
        ),
    ),
    sibling=UNSHUFFLE,
)


def _mirrored(n: int, length: int) -> int:
    """The index that position n of a mirrored row reads: 0 1 2 3 2 1 0 1 ..."""
    period = 2 * (length - 1)
    n = n % period
    return n if n < length else period - n


def _slow_pad(x: Tensor, top: int, left: int, new_h: int, new_w: int) -> Tensor:
    h, w = x.shape[-2:]
    found = x.new_zeros(*x.shape[:2], new_h, new_w)
    for i in range(new_h):
        for j in range(new_w):
            found[:, :, i, j] = x[:, :, _mirrored(i - top, h), _mirrored(j - left, w)]
    return found


def _full(n: int, window: int) -> int:
    return n + (window - n % window) % window


def slow_pad_to_window(x: Tensor, window: int) -> Tensor:
    """Pixel by pixel."""
    return _slow_pad(x, 0, 0, _full(x.shape[2], window), _full(x.shape[3], window))


def _slow_pad_around(x: Tensor, window: int) -> Tensor:
    new_h, new_w = _full(x.shape[2], window), _full(x.shape[3], window)
    return _slow_pad(x, (new_h - x.shape[2]) // 2, (new_w - x.shape[3]) // 2, new_h, new_w)


def _pad_cases(rng: np.random.Generator) -> list[Case]:
    """Both sides to pad, one, none; by one and by many."""
    found = []
    for i, (window, rest_h, rest_w, size) in enumerate(
        [(8, 5, 7, 1.0), (4, 0, 1, 1e3), (7, 4, 0, 1e-3), (8, 0, 0, 1.0), (5, 3, 4, 1.0)]
    ):
        m, n = distinct(rng, 2, 2, 4)
        b, c = distinct(rng, 2, 2, 5)
        h, w = m * window + rest_h, n * window + rest_w
        b = 1 if i == 1 else b
        found.append(
            Case(
                name=f"{b} x {c} x {h} x {w}, window {window}",
                args=(random(rng, b, c, h, w, scale=size), window),
            )
        )
    return found


def _pad(mode: str, extra: Callable[[int, int], int] = lambda n, m: -n % m, where: str = "end") -> Call:
    def pad(x: Tensor, window: int) -> Tensor:
        more_h, more_w = extra(x.shape[2], window), extra(x.shape[3], window)
        before_h, before_w = {"end": (0, 0), "start": (more_h, more_w), "both": (more_h // 2, more_w // 2)}[
            where
        ]
        return F.pad(x, (before_w, more_w - before_w, before_h, more_h - before_h), mode=mode)

    return pad


def _flipped(x: Tensor, window: int) -> Tensor:
    x = torch.cat([x, x.flip(2)], 2)[:, :, : _full(x.shape[2], window)]
    return torch.cat([x, x.flip(3)], 3)[..., : _full(x.shape[3], window)]


PAD_AROUND = Exercise(
    id="swinir.pad_around",
    parameters="x, window",
    summary="""Extend an image on all sides until whole windows fit. x: (b, c, h, w), any float dtype, h
and w larger than window; window: a whole number. Of the rows that are missing, half (rounded down) are
added at the top and the rest at the bottom; likewise left and right. New pixels mirror the image without
repeating its border: 2 1 | 0 1 2. Same dtype.""",
    minutes=10,
    difficulty=2,
    importance=3,
    points=3,
    oracle=_slow_pad_around,
    cases=_pad_cases,
    properties=(
        known_value(
            "an image that already fits is left as it is",
            lambda rng: (random(rng, 2, 3, 8, 12), 4),
            lambda x, window: x,
        ),
    ),
    misconceptions=(
        Misconception(
            number=None, sentence="all is added at the bottom and the right", function=_pad("reflect")
        ),
        Misconception(number=None, sentence="zeros are added", function=_pad("constant", where="both")),
        Misconception(
            number=None, sentence="the border is repeated", function=_pad("replicate", where="both")
        ),
    ),
)

PAD_TO_WINDOW = Exercise(
    id="swinir.pad_to_window",
    parameters="x, window",
    summary="""Extend an image at the bottom and the right until whole windows fit. x: (b, c, h, w), any
float dtype, h and w larger than window; window: a whole number. Each side grows to the next multiple of
window, and not at all where it is one. New pixels mirror the image without repeating its border: 0 1 2 3 |
2 1. Same dtype.""",
    minutes=8,
    difficulty=2,
    importance=4,
    points=3,
    oracle=slow_pad_to_window,
    cases=_pad_cases,
    properties=(
        known_value(
            "an image that already fits is left as it is",
            lambda rng: (random(rng, 2, 3, 8, 12), 4),
            lambda x, window: x,
        ),
        known_value(
            "the row 1 2 3 4 5 with window 4 becomes 1 2 3 4 5 4 3 2",
            lambda rng: (pixel_ids(1, 1, 1, 5).expand(1, 1, 8, 5).clone(), 4),
            lambda x, window: torch.tensor([1.0, 2, 3, 4, 5, 4, 3, 2]).to(x).expand(1, 1, 8, 8),
        ),
        items_independent("each image is extended alone", lambda rng: (random(rng, 3, 2, 6, 9), 4)),
    ),
    misconceptions=tuple(
        Misconception(number=None, sentence=sentence, function=function)
        for sentence, function in (
            ("zeros are added; the image should be mirrored", _pad("constant")),
            ("the border pixel is repeated; the image should be mirrored", _pad("replicate")),
            ("the mirror repeats the border: 2 3 | 3 2 instead of 2 3 | 2 1", _flipped),
            ("the image begins again from the other side", _pad("circular")),
            ("the new pixels are at the top and the left", _pad("reflect", where="start")),
            ("the new pixels are spread over all four sides", _pad("reflect", where="both")),
            (
                "a whole window is added where none is needed: take the remainder once more",
                _pad("reflect", lambda n, m: m - n % m),
            ),
            (
                "as many pixels are added as stand over, not as are missing",
                _pad("reflect", lambda n, m: n % m),
            ),
            (
                "the image is cut to whole windows instead of extended",
                lambda x, window: x[:, :, : x.shape[2] // window * window, : x.shape[3] // window * window],
            ),
        )
    ),
    sibling=PAD_AROUND,
)
