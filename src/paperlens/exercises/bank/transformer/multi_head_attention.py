"""`transformer.multi_head_attention`: project, split, attend, merge, project."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Call, Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, equivariant, items_independent, known_value, random


def _split(x: Tensor, num_heads: int) -> Tensor:
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)


def _merge(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)


def _attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1) @ v


def multi_head_attention(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int
) -> Tensor:
    """Sec. 3.2.2 of the paper: every head sees its own slice of the projections."""
    q, k, v = (_split(x @ w.T, num_heads) for w in (w_q, w_k, w_v))
    return _merge(_attend(q, k, v)) @ w_o.T


def multi_query_attention(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int
) -> Tensor:
    """All heads share one key and one value (Shazeer 2019)."""
    return _merge(_attend(_split(x @ w_q.T, num_heads), (x @ w_k.T)[:, None], (x @ w_v.T)[:, None])) @ w_o.T


def _cases(rng: np.random.Generator, shared: bool = False) -> list[Case]:
    """Random weights; several heads, one head, heads of one channel; small and large scores."""
    found = []
    for i, scale in enumerate((1.0, 0.3, 1.0, 1.0, 3.0)):
        b, n, h, d = distinct(rng, 4, 2, 7)
        b, n, h, d = [(b, n, h, d), (1, n, h, d), (b, n, 1, d), (b, n, h, 1), (b, n, 4, 5)][i]
        dim, key = h * d, d if shared else h * d
        weights = (random(rng, rows, dim, scale=dim**-0.5) for rows in (dim, key, key, dim))
        found.append(case(f"{b} x {n} x {dim}, {h} heads", random(rng, b, n, dim, scale=scale), *weights, h))
    return found


def _swapped(split: Call, merge: Call) -> Call:
    """Multi-head attention with another way to split and to merge."""

    def attention(x: Tensor, q: Tensor, k: Tensor, v: Tensor, o: Tensor, h: int) -> Tensor:
        found: Tensor = merge(_attend(*(split(x @ w.T, h) for w in (q, k, v)))) @ o.T
        return found

    return attention


def _raw_split(x: Tensor, num_heads: int) -> Tensor:
    return x.reshape(len(x), num_heads, x.shape[1], -1)


def _raw_merge(x: Tensor) -> Tensor:
    return x.reshape(len(x), x.shape[2], -1)


def _dealt(x: Tensor, num_heads: int) -> Tensor:
    return x.unflatten(-1, (-1, num_heads)).movedim(-1, 1)


def _input(rng: np.random.Generator) -> tuple[Any, ...]:
    return (random(rng, 3, 5, 6), *(random(rng, 6, 6) for _ in range(4)), 3)


SIBLING = Exercise(
    id="transformer.multi_query_attention",
    parameters="x, w_q, w_k, w_v, w_o, num_heads",
    summary=r"""Multi-query self-attention: each head has its own queries, all heads share one key and one
value. `x` (b, n, d); `w_q` and `w_o` (d, d), `w_k` and `w_v` (d / num_heads, d), applied as `x @ w.T`, no
bias; head-major contiguous slices, scale $(d/\mathtt{num\_heads})^{-1/2}$. float32 or float64. Returns (b,
n, d), same dtype.""",
    minutes=20,
    difficulty=3,
    importance=4,
    points=6,
    oracle=multi_query_attention,
    cases=lambda rng: _cases(rng, shared=True),
    misconceptions=(
        wrong(
            "the scores are divided by the root of d; a head is d / num_heads wide",
            lambda x, q, k, v, o, h: multi_query_attention(x, q / math.sqrt(h), k, v, o, h),
        ),
        wrong(
            "the output projection is missing",
            lambda x, q, k, v, o, h: multi_query_attention(x, q, k, v, torch.eye(len(o)).to(o), h),
        ),
        wrong("w_o is not transposed", lambda x, q, k, v, o, h: multi_query_attention(x, q, k, v, o.T, h)),
    ),
)

EXERCISE = Exercise(
    id="transformer.multi_head_attention",
    parameters="x, w_q, w_k, w_v, w_o, num_heads",
    summary=r"""Multi-head self-attention, put together from what you have written: queries, keys and values
are `x @ w.T` with `w_q`, `w_k`, `w_v`; each head attends within its own contiguous slice of channels, with
scale $(d/\mathtt{num\_heads})^{-1/2}$; the heads stand side by side again and go through `w_o`, as `@
w_o.T`. `x` (b, n, d), weights (d, d), no bias, no mask; float32 or float64. Returns (b, n, d), same dtype.""",
    minutes=20,
    difficulty=3,
    importance=5,
    points=6,
    oracle=multi_head_attention,
    cases=_cases,
    properties=(
        known_value(
            "zero queries attend to all tokens alike: the mean token, projected",
            lambda rng: (random(rng, 2, 5, 6), torch.zeros(6, 6).double(), *_input(rng)[2:]),
            lambda x, q, k, v, o, h: (x.mean(1, keepdim=True) @ v.T @ o.T).expand_as(x),
        ),
        equivariant(
            "tokens moved move their outputs",
            _input,
            lambda x, *rest: (x.flip(1), *rest),
            lambda out: out.flip(1),
        ),
        items_independent("each image attends alone", _input),
    ),
    misconceptions=(
        wrong(
            "the scores are divided by the root of d; a head is d / num_heads wide",
            lambda x, q, k, v, o, h: multi_head_attention(x, q / math.sqrt(h), k, v, o, h),
        ),
        wrong(
            "the scores are not scaled",
            lambda x, q, k, v, o, h: multi_head_attention(x, q * math.sqrt(len(q) // h), k, v, o, h),
        ),
        wrong(
            "one big head: the channels are not split",
            lambda x, q, k, v, o, h: multi_head_attention(x, q, k, v, o, 1),
        ),
        wrong(
            "the output projection w_o is missing",
            lambda x, q, k, v, o, h: multi_head_attention(x, q, k, v, torch.eye(len(o)).to(o), h),
        ),
        wrong(
            "the weights are applied as x @ w; the contract says x @ w.T",
            lambda x, q, k, v, o, h: multi_head_attention(x, q.T, k.T, v.T, o.T, h),
        ),
        wrong(
            "w_o is applied as @ w_o, not @ w_o.T",
            lambda x, q, k, v, o, h: multi_head_attention(x, q, k, v, o.T, h),
        ),
        wrong("the keys are made with w_q", lambda x, q, k, v, o, h: multi_head_attention(x, q, q, v, o, h)),
        wrong(
            "the values are made with w_k", lambda x, q, k, v, o, h: multi_head_attention(x, q, k, k, o, h)
        ),
        wrong(
            "queries and keys are exchanged", lambda x, q, k, v, o, h: multi_head_attention(x, k, q, v, o, h)
        ),
        wrong("the split reshapes to (b, h, n, d) without a transpose", _swapped(_raw_split, _merge)),
        wrong("the merge lacks the transpose back", _swapped(_split, _raw_merge)),
        wrong("split and merge both lack their transpose", _swapped(_raw_split, _raw_merge)),
        wrong("the heads are interleaved, (d h), not contiguous", _swapped(_dealt, _merge)),
    ),
    sibling=SIBLING,
)
