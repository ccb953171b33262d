"""`swinir.pixel_shuffle`: channels become pixels."""

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from paperlens.exercises.engine.exercise import Call, Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import (
    conserves,
    distinct,
    items_independent,
    known_value,
    pixel_ids,
    random,
)


def pixel_shuffle(x: Tensor, scale: int) -> Tensor:
    """Entry by entry: channel c s^2 + dy s + dx of pixel (y, x) becomes pixel (y s + dy, x s + dx) of channel c."""
    b, channels, h, w = x.shape
    found = x.new_zeros(b, channels // scale**2, h * scale, w * scale)
    for c in range(found.shape[1]):
        for dy in range(scale):
            for dx in range(scale):
                found[:, c, dy::scale, dx::scale] = x[:, c * scale**2 + dy * scale + dx]
    return found


def pixel_unshuffle(x: Tensor, scale: int) -> Tensor:
    """The other way."""
    offsets = [(c, dy, dx) for c in range(x.shape[1]) for dy in range(scale) for dx in range(scale)]
    return torch.stack([x[:, c, dy::scale, dx::scale] for c, dy, dx in offsets], dim=1)


def _read(channels: str, pixels: str = "(h y) (w x)") -> Call:
    """Depth to space in another order."""
    return lambda x, s: rearrange(x, f"b ({channels}) h w -> b c {pixels}", y=s, x=s)


def _folded(channels: str) -> Call:
    """Space to depth in another order."""
    return lambda x, s: rearrange(x, f"b c (h y) (w x) -> b ({channels}) h w", y=s, x=s)


def _cases(rng: np.random.Generator) -> list[Case]:
    found = []
    for i, (scale, size) in enumerate([(2, 1.0), (3, 1e3), (4, 1e-3), (2, 1.0), (1, 1.0)]):
        b, c, h, w = distinct(rng, 4, 2, 7)
        b, c = (1, c) if i == 1 else (b, 1) if i == 3 else (b, c)
        x = random(rng, b, c * scale**2, h, w, scale=size)
        found.append(case(f"{b} x {c * scale**2} x {h} x {w}, scale {scale}", x, scale))
    return found


def _sorted(x: Tensor, *_: int) -> Tensor:
    return x.flatten().sort().values


SIBLING = Exercise(
    id="swinir.pixel_unshuffle",
    parameters="x, scale",
    summary="""Fold space into channels, the inverse of pixel shuffle. `x` (b, c, h s, w s), any float
dtype; `scale` s: a whole number. Pixel (y s + dy, x s + dx) of channel c becomes pixel (y, x) of channel c
s^2 + dy s + dx. Returns (b, c s^2, h, w), same dtype.""",
    minutes=10,
    difficulty=2,
    importance=4,
    points=4,
    oracle=pixel_unshuffle,
    cases=lambda rng: [case(f"{c.name}, shuffled", pixel_shuffle(*c.args), c.args[1]) for c in _cases(rng)],
    properties=(
        conserves(
            "every number is found again once", lambda rng: (pixel_ids(2, 3, 4, 6), 2), _sorted, _sorted
        ),
    ),
    misconceptions=(
        wrong(
            "the channels come out in TensorFlow's order (s, s, c); this contract is torch's (c, s, s)",
            _folded("y x c"),
        ),
        wrong("dy and dx are exchanged", _folded("c x y")),
        wrong(
            "a plain reshape changes the shape and mixes the pixels",
            lambda x, s: x.reshape(pixel_unshuffle(x, s).shape),
        ),
    ),
)

EXERCISE = Exercise(
    id="swinir.pixel_shuffle",
    parameters="x, scale",
    summary="""Unfold channels into space, in torch's order. `x` (b, c s^2, h, w), any float dtype; `scale`
s: a whole number. Channel c s^2 + dy s + dx of pixel (y, x) becomes pixel (y s + dy, x s + dx) of channel
c. Returns (b, c, h s, w s), same dtype. Without torch's own `pixel_shuffle`, if you want to learn it.""",
    minutes=10,
    difficulty=2,
    importance=5,
    points=4,
    oracle=pixel_shuffle,
    cases=_cases,
    properties=(
        known_value(
            "one pixel, 9 channels: channel k becomes pixel (k // 3, k % 3)",
            lambda rng: (pixel_ids(1, 9, 1, 1), 3),
            lambda x, s: x.reshape(1, 1, 3, 3),
        ),
        conserves(
            "every number is found again once", lambda rng: (pixel_ids(2, 12, 2, 3), 2), _sorted, _sorted
        ),
        items_independent("each image is shuffled alone", lambda rng: (random(rng, 3, 8, 2, 5), 2)),
    ),
    misconceptions=(
        wrong(
            "the channels are read in TensorFlow's order (s, s, c); this contract is torch's (c, s, s)",
            _read("y x c"),
        ),
        wrong("row and column inside the pixel are exchanged", _read("c x y")),
        wrong("channels are read in TensorFlow's order, and row and column are exchanged", _read("x y c")),
        wrong(
            "a plain reshape mixes the pixels: a permutation of axes is missing",
            lambda x, s: x.reshape(pixel_shuffle(x, s).shape),
        ),
        wrong(
            "the small pictures are tiled side by side instead of interleaved", _read("c y x", "(y h) (x w)")
        ),
        wrong(
            "one channel is repeated over its s x s pixels: that is nearest-neighbour enlargement",
            lambda x, s: x[:, :: s * s].repeat_interleave(s, 2).repeat_interleave(s, 3),
        ),
    ),
    sibling=SIBLING,
)
