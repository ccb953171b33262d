"""`transformer.attention`: scaled dot-product attention with a mask."""

import math

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import (
    distinct,
    equivariant,
    invariant,
    items_independent,
    known_value,
    random,
)


def _scores(q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores if mask is None else scores.masked_fill(~mask, -math.inf)


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """The formula of the paper, Eq. 1."""
    return _scores(q, k, mask).softmax(dim=-1) @ v


def _mask(rng: np.random.Generator, *shape: int) -> Tensor:
    """Half of the keys may be attended; no row is without one."""
    mask = torch.from_numpy(rng.random(shape) < 0.5)
    mask[..., int(rng.integers(shape[-1]))] = True
    return mask


def _qkv(rng: np.random.Generator, scale: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """All six sizes differ, and so do the numbers of queries and keys."""
    b, h, n, m, d, e = distinct(rng, 6, 2, 9)
    return random(rng, b, h, n, d, scale=scale), random(rng, b, h, m, d, scale=scale), random(rng, b, h, m, e)


def _cases(rng: np.random.Generator) -> list[Case]:
    found = [case("random q, k, v, no mask", *_qkv(rng))]
    for words, axes in [
        ("a mask for each query", 2),
        ("a mask for each head", 4),
        ("a mask for each image", 3),
    ]:
        q, k, v = _qkv(rng, 2.0)
        shape = (*q.shape[:3], k.shape[2]) if axes == 4 else (q.shape[2], k.shape[2])
        shape = (q.shape[0], 1, *shape) if axes == 3 else shape
        found.append(case(f"q, k of about 2, {words}", q, k, v, _mask(rng, *shape)))
    q, k, v = _qkv(rng)
    found.append(
        case("a mask that hides keys from all queries", q, k, v, _mask(rng, q.shape[0], 1, 1, k.shape[2]))
    )
    one = random(rng, 1, 1, 4, 4), random(rng, 1, 1, 4, 4), random(rng, 1, 1, 4, 4)
    found.append(case("one image, one head, 4 x 4, a causal mask", *one, torch.ones(4, 4).tril().bool()))
    return [*found, case("q and k of about 1000", *_qkv(rng, 1e3))]


def _three_quarters(rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """q . k = 2 ln 3 and 0 at d = 4: the scores are ln 3 and 0, the weights 3/4 and 1/4."""
    q, k = torch.zeros(1, 1, 1, 4).double(), torch.zeros(1, 1, 2, 4).double()
    q[..., 0], k[..., 0, 0] = 1.0, 2 * math.log(3)
    return q, k, torch.tensor([1.0, 0.0]).double().reshape(1, 1, 2, 1)


def _hidden(rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Two of six keys are masked."""
    return (
        random(rng, 2, 3, 4, 5),
        random(rng, 2, 3, 6, 5),
        random(rng, 2, 3, 6, 7),
        (torch.arange(6) % 3 != 0)[None],
    )


def _ones(rng: np.random.Generator) -> tuple[Tensor, ...]:
    q, k, v, mask = _hidden(rng)
    return q, k, torch.ones_like(v), mask


def _after(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    weights = _scores(q, k, None).softmax(-1)
    return (weights if mask is None else weights * mask) @ v


def _zeros(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = _scores(q, k, None)
    return (scores if mask is None else scores * mask).softmax(-1) @ v


def _overflows(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = _scores(q, k, mask).exp()
    return scores / scores.sum(-1, keepdim=True) @ v


def _times(q: Tensor, factor: float) -> Tensor:
    return q * factor * math.sqrt(q.shape[-1])


SIBLING = Exercise(
    id="transformer.attention_ignoring",
    parameters="q, k, v, ignored",
    summary=r"""Scaled dot-product attention, $\mathrm{softmax}(QK^\top/\sqrt{d})\,V$, with a mask that says
what to ignore, as torch's `nn.MultiheadAttention` reads it. `q` (b, h, n, d), `k` (b, h, m, d), `v` (b, h,
m, e), float32 or float64; `ignored`: boolean, broadcastable to (b, h, n, m), True where a query must *not*
attend to a key; no row is ignored altogether. Returns (b, h, n, e), same dtype.""",
    minutes=12,
    difficulty=2,
    importance=5,
    points=4,
    oracle=lambda q, k, v, ignored: attention(q, k, v, ~ignored),
    cases=lambda rng: [case(c.name, *c.args[:3], ~c.args[3]) for c in _cases(rng) if len(c.args) == 4],
    misconceptions=(
        wrong("the mask is read the other way round: here True means ignore", attention),
        wrong("the scores are not divided by √d", lambda q, k, v, i: attention(_times(q, 1.0), k, v, ~i)),
        wrong("the mask is applied after the softmax", lambda q, k, v, i: _after(q, k, v, ~i)),
        wrong("ignored scores are 0, which still is a weight", lambda q, k, v, i: _zeros(q, k, v, ~i)),
    ),
)

EXERCISE = Exercise(
    id="transformer.attention",
    parameters="q, k, v, mask=None",
    summary=r"""Scaled dot-product attention: $\mathrm{softmax}(QK^\top/\sqrt{d})\,V$, the softmax over the
keys. `q` (b, h, n, d), `k` (b, h, m, d), `v` (b, h, m, e), float32 or float64; `mask`: None, or boolean and
broadcastable to (b, h, n, m), True where a query may attend to a key; no row is False throughout. A masked
key has weight exactly 0. Scores of thousands must not overflow. Returns (b, h, n, e), same dtype; the
inputs stay unchanged.""",
    minutes=15,
    difficulty=2,
    importance=5,
    points=5,
    oracle=attention,
    cases=_cases,
    properties=(
        known_value(
            "d = 4, q·k = 2 ln 3 and 0: the first key has weight 3/4",
            _three_quarters,
            lambda *_: torch.full((1, 1, 1, 1), 0.75).double(),
        ),
        known_value("weights add up to 1: values of 1 give 1", _ones, lambda q, k, v, m: v[:, :, :4]),
        invariant(
            "a masked key and its value have no effect",
            _hidden,
            lambda q, k, v, m: (q, k + 10 * ~m.mT, v + 10 * ~m.mT, m),
        ),
        invariant("keys are a set, moved with their values", _qkv, lambda q, k, v: (q, k.flip(2), v.flip(2))),
        equivariant(
            "each query has its own output", _qkv, lambda q, k, v: (q.flip(2), k, v), lambda out: out.flip(2)
        ),
        items_independent("each head attends alone", _qkv, (0, 1, 2), axis=1),
    ),
    misconceptions=(
        wrong("the scores are not divided by √d", lambda q, k, v, m=None: attention(_times(q, 1.0), k, v, m)),
        wrong(
            "the scores are divided by d, not by its root",
            lambda q, k, v, m=None: attention(_times(q, 1 / q.shape[-1]), k, v, m),
        ),
        wrong(
            "the scores are divided by the root of the number of keys; d is the width of a query",
            lambda q, k, v, m=None: attention(_times(q, k.shape[-2] ** -0.5), k, v, m),
        ),
        wrong(
            "the softmax runs over the queries; it belongs over the keys, the last axis",
            lambda q, k, v, m=None: _scores(q, k, m).softmax(-2) @ v,
        ),
        wrong("the softmax runs over the heads", lambda q, k, v, m=None: _scores(q, k, m).softmax(1) @ v),
        wrong("the softmax is missing", lambda q, k, v, m=None: _scores(q, k, None) @ v),
        wrong("the mask is applied after the softmax, so that weights no longer add up to 1", _after),
        wrong("masked scores are set to 0, which still is a weight; they must be -inf", _zeros),
        wrong(
            "the mask is read the other way round: True means may attend",
            lambda q, k, v, m=None: attention(q, k, v, None if m is None else ~m),
        ),
        wrong("the mask is not used", lambda q, k, v, m=None: attention(q, k, v)),
        wrong("exp overflows: take off the largest score first, as softmax does", _overflows),
    ),
    sibling=SIBLING,
)
