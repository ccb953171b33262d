"""`transformer.merge_heads`: heads side by side into channels."""

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, items_independent, known_value, pixel_ids, random


def merge_heads(x: Tensor) -> Tensor:
    """The heads of a token, one after the other."""
    return torch.cat(x.unbind(dim=1), dim=-1)


def merge_heads_interleaved(x: Tensor) -> Tensor:
    """Channel after channel, each of all heads."""
    return torch.cat([x[..., j].mT for j in range(x.shape[-1])], dim=-1)


def _cases(rng: np.random.Generator) -> list[Case]:
    """All four sizes differ; one image, heads of one channel, one head, one token."""
    found = []
    for i, scale in enumerate((1.0, 1e3, 1e-3, 1.0, 1.0)):
        b, h, n, d = distinct(rng, 4, 2, 7)
        b, h, n, d = [(b, h, n, d), (1, h, n, d), (b, h, n, 1), (b, 1, n, d), (b, h, 1, d)][i]
        found.append(case(f"{b} x {h} x {n} x {d}", random(rng, b, h, n, d, scale=scale)))
    return found


def _unmerged(x: Tensor) -> Tensor:
    return x.reshape(len(x), x.shape[2], -1)


SIBLING = Exercise(
    id="transformer.merge_heads_interleaved",
    parameters="x",
    summary="""Heads into channels, shuffled like cards. `x` (b, h, n, d), float32 or float64. Channel j of
head i becomes channel j h + i. Returns (b, n, h d), same dtype.""",
    minutes=6,
    difficulty=2,
    importance=3,
    points=2,
    oracle=merge_heads_interleaved,
    cases=_cases,
    misconceptions=(
        wrong("the heads stand side by side; here they are shuffled", merge_heads),
        wrong("a plain reshape mixes tokens and heads", _unmerged),
        wrong("the heads come in reverse order", lambda x: merge_heads_interleaved(x.flip(1))),
    ),
)

EXERCISE = Exercise(
    id="transformer.merge_heads",
    parameters="x",
    summary="""Heads back into channels, the inverse of `split_heads`. `x` (b, h, n, d), float32 or
float64. The channels of head i become the channels from i d to (i + 1) d of the same token. Returns (b, n,
h d), same dtype.""",
    minutes=5,
    difficulty=1,
    importance=5,
    points=2,
    oracle=merge_heads,
    cases=_cases,
    properties=(
        known_value(
            "2 heads of 3 channels stand side by side",
            lambda rng: (pixel_ids(1, 2, 4, 3),),
            lambda x: torch.cat([x[:, 0], x[:, 1]], -1),
        ),
        items_independent("each image is merged alone", lambda rng: (random(rng, 3, 2, 5, 4),)),
    ),
    misconceptions=(
        wrong("a plain reshape mixes tokens and heads: first exchange the axes h and n", _unmerged),
        wrong("the heads are interleaved, (d h); they belong side by side, (h d)", merge_heads_interleaved),
        wrong("the heads are averaged, not kept side by side", lambda x: x.mean(1).repeat(1, 1, x.shape[1])),
        wrong("the heads come in reverse order", lambda x: merge_heads(x.flip(1))),
        wrong(
            "tokens and channels are exchanged first",
            lambda x: x.permute(0, 1, 3, 2).reshape(_unmerged(x).shape),
        ),
    ),
    sibling=SIBLING,
)
