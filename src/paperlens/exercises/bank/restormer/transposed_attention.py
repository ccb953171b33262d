"""`restormer.transposed_attention`: channels attend to channels."""

from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import (
    distinct,
    invariant,
    items_independent,
    jacobian_support,
    known_value,
    random,
)


def _heads(x: Tensor, num_heads: int) -> Tensor:
    """(b, h c, y, x) to (b, h, c, pixels)."""
    return x.flatten(2).unflatten(1, (num_heads, -1))


def channel_affinity(q: Tensor, k: Tensor, temperature: Tensor) -> Tensor:
    """Cosines of all pairs of channels of a head, times its temperature, as weights."""
    q, k = (F.normalize(_heads(t, len(temperature)), dim=-1) for t in (q, k))
    return (q @ k.mT * temperature).softmax(dim=-1)


def transposed_attention(q: Tensor, k: Tensor, v: Tensor, temperature: Tensor) -> Tensor:
    """Eq. 1 of the paper, for each head."""
    return _apply(channel_affinity(q, k, temperature), v)


def _apply(weights: Tensor, v: Tensor) -> Tensor:
    return (weights @ _heads(v, weights.shape[1])).reshape(v.shape)


def _scores(q: Tensor, k: Tensor, temperature: Tensor) -> Tensor:
    return _heads(q, len(temperature)) @ _heads(k, len(temperature)).mT


def _cases(rng: np.random.Generator) -> list[Case]:
    """All sizes differ; random temperatures; one head, heads of one channel, one image; small and large."""
    found = []
    for i, scale in enumerate((1.0, 1e3, 1e-2, 1.0, 1.0)):
        b, h, c, height, width = distinct(rng, 5, 2, 7)
        b, h, c = [(b, h, c), (1, h, c), (b, 1, c), (b, h, 1), (b, 4, 3)][i]
        q, k, v = (random(rng, b, h * c, height, width, scale=scale) for _ in range(3))
        temperature = 1 + 4 * random(rng, h, 1, 1).abs()
        found.append(
            case(f"{b} x {h * c} x {height} x {width}, {h} heads, about {scale:g}", q, k, v, temperature)
        )
    return found


def _input(rng: np.random.Generator) -> tuple[Any, ...]:
    return (*(random(rng, 2, 6, 4, 5) for _ in range(3)), 2 + random(rng, 2, 1, 1).abs())


def _pixel(index: tuple[int, ...], q: Tensor, k: Tensor, v: Tensor, t: Tensor) -> Tensor:
    """A pixel of v reaches its own pixel, in all channels of its head."""
    reached = torch.zeros(v.shape, dtype=torch.bool)
    size = v.shape[1] // len(t)
    first = index[1] // size * size
    reached[index[0], first : first + size, index[2], index[3]] = True
    return reached


def _with_zero_temperature(rng: np.random.Generator) -> tuple[Tensor, ...]:
    return (*_input(rng)[:3], torch.zeros(2, 1, 1).double())


def _normalised(dim: int | tuple[int, ...], q: Tensor, k: Tensor, v: Tensor, t: Tensor) -> Tensor:
    """With another set of entries that share a norm."""
    q, k = (x / x.square().sum(dim, keepdim=True).sqrt() for x in (q, k))
    return _apply((_scores(q, k, t) * t).softmax(-1), v)


def _over_pixels(q: Tensor, k: Tensor, v: Tensor, t: Tensor) -> Tensor:
    q, k, v_ = (_heads(x, len(t)).mT for x in (q, k, v))
    out = (F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).mT * t).softmax(-1) @ v_
    return out.mT.reshape(v.shape)


def _interleaved(q: Tensor, k: Tensor, v: Tensor, t: Tensor) -> Tensor:
    h = len(t)
    q, k, v = (x.unflatten(1, (-1, h)).transpose(1, 2).flatten(1, 2) for x in (q, k, v))
    out = transposed_attention(q, k, v, t)
    return out.unflatten(1, (h, -1)).transpose(1, 2).flatten(1, 2)


SIBLING = Exercise(
    id="restormer.channel_affinity",
    parameters="q, k, temperature",
    summary="""How much each channel looks at each other one. `q` and `k` (b, c, h, w), `temperature`
(heads, 1, 1), float32 or float64; head i holds the i-th contiguous slice of channels. Each channel of `q`
and `k` is L2-normalised over its pixels; the products of all pairs of channels of a head, times its
temperature, go through a softmax over the key channels. Returns (b, heads, c / heads, c / heads), same
dtype.""",
    minutes=12,
    difficulty=3,
    importance=4,
    points=5,
    oracle=channel_affinity,
    cases=lambda rng: [case(c.name, c.args[0], c.args[1], c.args[3]) for c in _cases(rng)],
    misconceptions=(
        wrong("q and k are not normalised", lambda q, k, t: (_scores(q, k, t) * t).softmax(-1)),
        wrong("the temperature divides; it multiplies", lambda q, k, t: channel_affinity(q, k, 1 / t)),
        wrong("the softmax is over the query channels", lambda q, k, t: channel_affinity(k, q, t).mT),
    ),
)

EXERCISE = Exercise(
    id="restormer.transposed_attention",
    parameters="q, k, v, temperature",
    summary=r"""Attention between channels, not pixels. `q`, `k`, `v` (b, c, h, w), `temperature` (heads, 1,
1), float32 or float64; head i holds the i-th contiguous slice of channels. Each channel of `q` and of `k`
is L2-normalised over its pixels. Within a head, the scores are the products of all pairs of channels times
the head's temperature, $\tau\, \hat q\, \hat k^\top$, then softmax over the key channels; the weights mix
the channels of `v`. Returns (b, c, h, w), same dtype.""",
    minutes=15,
    difficulty=3,
    importance=5,
    points=6,
    oracle=transposed_attention,
    cases=_cases,
    properties=(
        jacobian_support(
            "a pixel of v moves its own pixel alone, in all channels of its head", _input, _pixel, argument=2
        ),
        known_value(
            "temperature 0 averages the channels of each head",
            _with_zero_temperature,
            lambda q, k, v, t: _heads(v, 2).mean(2, keepdim=True).expand(2, 2, 3, 20).reshape(v.shape),
        ),
        invariant(
            "the scale of one channel of q does not matter",
            _input,
            lambda q, k, v, t: (q * torch.tensor([1, 7, 1, 1, 1, 1.0])[:, None, None].double(), k, v, t),
        ),
        known_value(
            "weights add up to 1: values of 1 give 1",
            lambda rng: (*_input(rng)[:2], torch.ones(2, 6, 4, 5).double(), torch.ones(2, 1, 1).double()),
            lambda q, k, v, t: v,
        ),
        items_independent("each image attends alone", _input, (0, 1, 2)),
    ),
    misconceptions=(
        wrong("pixels attend to pixels; in Restormer channels attend to channels", _over_pixels),
        wrong("q and k are not normalised", lambda q, k, v, t: _apply((_scores(q, k, t) * t).softmax(-1), v)),
        wrong(
            "q and k are normalised over the channels; each channel is, over its pixels",
            partial(_normalised, 1),
        ),
        wrong("q and k are normalised as a whole, not each channel", partial(_normalised, (1, 2, 3))),
        wrong("q and k are normalised along the rows alone", partial(_normalised, 3)),
        wrong(
            "the temperature is missing", lambda q, k, v, t: transposed_attention(q, k, v, torch.ones_like(t))
        ),
        wrong(
            "the temperature divides; it multiplies", lambda q, k, v, t: transposed_attention(q, k, v, 1 / t)
        ),
        wrong(
            "the softmax runs over the query channels",
            lambda q, k, v, t: _apply(channel_affinity(k, q, t).mT, v),
        ),
        wrong("the weights are transposed", lambda q, k, v, t: _apply(channel_affinity(q, k, t).mT, v)),
        wrong("queries and keys are exchanged", lambda q, k, v, t: transposed_attention(k, q, v, t)),
        wrong("the heads are interleaved, (c head); they are contiguous slices", _interleaved),
        wrong(
            "the scores are divided by a root too; here the temperature alone scales them",
            lambda q, k, v, t: transposed_attention(q, k, v, t * (q.shape[1] // len(t)) ** -0.5),
        ),
    ),
    sibling=SIBLING,
)
