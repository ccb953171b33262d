"""`transformer.split_heads`: channels into heads."""

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, items_independent, known_value, pixel_ids, random


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Head i is the slice of channels from i d to (i + 1) d."""
    return torch.stack(x.chunk(num_heads, dim=-1), dim=1)


def split_heads_interleaved(x: Tensor, num_heads: int) -> Tensor:
    """Head i holds every num_heads-th channel from i on."""
    return torch.stack([x[..., i::num_heads] for i in range(num_heads)], dim=1)


def _cases(rng: np.random.Generator) -> list[Case]:
    """All four sizes differ; one head, one token, one image, heads of one channel."""
    found = []
    for i, scale in enumerate((1.0, 1e3, 1e-3, 1.0, 1.0)):
        b, n, h, d = distinct(rng, 4, 2, 7)
        b, n, h, d = [(b, n, h, d), (1, n, h, d), (b, n, h, 1), (b, n, 1, d), (b, 1, h, d)][i]
        x = random(rng, b, n, h * d, scale=scale)
        found.append(case(f"{b} x {n} x {h * d}, {h} heads, values of about {scale:g}", x, h))
    return found


SIBLING = Exercise(
    id="transformer.split_heads_interleaved",
    parameters="x, num_heads",
    summary="""Channels into heads, dealt out like cards. `x` (b, n, h d), float32 or float64; `num_heads`
h. Channel i belongs to head i % h, and is its channel i // h. Returns (b, h, n, d), same dtype.""",
    minutes=6,
    difficulty=2,
    importance=3,
    points=2,
    oracle=split_heads_interleaved,
    cases=_cases,
    misconceptions=(
        wrong("the heads are contiguous slices; here they are dealt out one by one", split_heads),
        wrong(
            "heads and tokens are exchanged: a transpose is missing",
            lambda x, h: split_heads_interleaved(x, h).reshape(len(x), x.shape[1], h, -1),
        ),
        wrong(
            "a reshape to (b, h, n, d) mixes tokens",
            lambda x, h: x.reshape(len(x), h, x.shape[1], -1),
        ),
    ),
)

EXERCISE = Exercise(
    id="transformer.split_heads",
    parameters="x, num_heads",
    summary="""Channels into heads. `x` (b, n, h d), float32 or float64; `num_heads` h, which divides the
channels. Head i of a token is its contiguous slice of channels from i d to (i + 1) d. Returns (b, h, n, d),
same dtype.""",
    minutes=6,
    difficulty=1,
    importance=5,
    points=2,
    oracle=split_heads,
    cases=_cases,
    properties=(
        known_value(
            "head 1 of 3 is the slice x[..., 2:4] of 6 channels",
            lambda rng: (pixel_ids(1, 2, 6), 3),
            lambda x, h: torch.stack([x[..., :2], x[..., 2:4], x[..., 4:]], 1),
        ),
        items_independent("each image is split alone", lambda rng: (random(rng, 3, 5, 8), 2)),
    ),
    misconceptions=(
        wrong(
            "a reshape to (b, h, n, d) mixes tokens: make it (b, n, h, d), then exchange n and h",
            lambda x, h: x.reshape(len(x), h, x.shape[1], -1),
        ),
        wrong(
            "the heads are interleaved, (d h); head i is the slice from i d to (i + 1) d",
            split_heads_interleaved,
        ),
        wrong(
            "the result is (b, n, h, d): exchange the axes of tokens and heads",
            lambda x, h: x.unflatten(-1, (h, -1)),
        ),
        wrong("the last two axes are exchanged", lambda x, h: split_heads(x, h).mT),
        wrong(
            "num_heads is taken for the width of a head",
            lambda x, h: split_heads(x, x.shape[-1] // h),
        ),
        wrong("the heads come out in reverse order", lambda x, h: split_heads(x, h).flip(1)),
    ),
    sibling=SIBLING,
)
