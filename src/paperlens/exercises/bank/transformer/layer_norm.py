"""`transformer.layer_norm`: each token to mean 0 and variance 1."""

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, equivariant, invariant, known_value, random


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """(x - mean) / sqrt(variance + eps) * weight + bias over the last axis."""
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    return centred / (variance + eps).sqrt() * weight + bias


def rms_norm(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    """x / sqrt(mean of squares + eps) * weight."""
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * weight


def _cases(rng: np.random.Generator) -> list[Case]:
    """Two and three axes before the channels or none; spreads of which eps is a part; the default eps."""
    found = []
    for i, (scale, eps) in enumerate(
        [(1.0, None), (3e-3, None), (1e3, 1e-5), (0.1, 0.02), (1.0, 0.5), (3e-3, 1e-6)]
    ):
        b, n, m, d = distinct(rng, 4, 2, 9)
        shape = [(b, n, d), (b, n, d), (b, n, m, d), (b, d), (1, n, d), (b, 1, d)][i]
        x = random(rng, *shape, scale=scale) + scale * random(rng, *shape[:-1], 1)
        given = () if eps is None else (eps,)
        words = "the default eps" if eps is None else f"eps {eps:g}"
        name = f"{' x '.join(map(str, shape))}, spread {scale:g}, {words}"
        found.append(case(name, x, random(rng, d), random(rng, d), *given))
    return found


def _rms_cases(rng: np.random.Generator) -> list[Case]:
    return [case(c.name, *c.args[:2], *c.args[3:]) for c in _cases(rng)]


def _tokens(rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    return random(rng, 2, 4, 6), random(rng, 6), random(rng, 6)


def _normed(x: Tensor, weight: Tensor, bias: Tensor, eps: float, dims: tuple[int, ...]) -> Tensor:
    variance = x.var(dims, correction=0, keepdim=True)
    return (x - x.mean(dims, keepdim=True)) / (variance + eps).sqrt() * weight + bias


def _unbiased(x: Tensor, w: Tensor, b: Tensor, eps: float = 1e-5) -> Tensor:
    return (x - x.mean(-1, True)) / (x.var(-1, keepdim=True) + eps).sqrt() * w + b


def _outside(x: Tensor, w: Tensor, b: Tensor, eps: float = 1e-5) -> Tensor:
    return (x - x.mean(-1, True)) / (x.std(-1, correction=0, keepdim=True) + eps) * w + b


def _variance(x: Tensor, w: Tensor, b: Tensor, eps: float = 1e-5) -> Tensor:
    return (x - x.mean(-1, True)) / (x.var(-1, correction=0, keepdim=True) + eps) * w + b


SIBLING = Exercise(
    id="transformer.rms_norm",
    parameters="x, weight, eps=1e-6",
    summary=r"""Root-mean-square normalisation over the last axis, $x / \sqrt{\mathrm{mean}(x^2) + \epsilon}
\cdot w$: no mean is taken off, no bias added. `x` (..., d), `weight` (d,), float32 or float64; `eps` 1e-6
where it is not given. Returns the shape and dtype of `x`.""",
    minutes=6,
    difficulty=1,
    importance=4,
    points=3,
    oracle=rms_norm,
    cases=_rms_cases,
    misconceptions=(
        wrong(
            "the mean is taken off: that is layer norm", lambda x, w, eps=1e-6: layer_norm(x, w, w * 0, eps)
        ),
        wrong(
            "eps is added to the root, not under it",
            lambda x, w, eps=1e-6: x / (x.square().mean(-1, True).sqrt() + eps) * w,
        ),
        wrong(
            "the squares are summed, not averaged",
            lambda x, w, eps=1e-6: x / (x.square().sum(-1, True) + eps).sqrt() * w,
        ),
        wrong("the weight is missing", lambda x, w, eps=1e-6: rms_norm(x, torch.ones_like(w), eps)),
    ),
)

EXERCISE = Exercise(
    id="transformer.layer_norm",
    parameters="x, weight, bias, eps=1e-5",
    summary=r"""Layer normalisation over the last axis: $(x - \mu) / \sqrt{\sigma^2 + \epsilon} \cdot w +
b$, with the mean and the biased variance (divided by d, not d - 1) of each token alone. `x` (..., d),
`weight` and `bias` (d,), float32 or float64; `eps` 1e-5 where it is not given. Returns the shape and dtype
of `x`.""",
    minutes=10,
    difficulty=1,
    importance=4,
    points=3,
    oracle=layer_norm,
    cases=_cases,
    properties=(
        known_value(
            "the token 1, 3 with eps 0 becomes -1, 1",
            lambda rng: (
                torch.tensor([[1.0, 3.0]]).double(),
                torch.ones(2).double(),
                torch.zeros(2).double(),
                0.0,
            ),
            lambda *_: torch.tensor([[-1.0, 1.0]]).double(),
        ),
        invariant("a constant added to a token changes nothing", _tokens, lambda x, w, b: (x + 5, w, b)),
        invariant(
            "a token's scale does not matter (eps 0)",
            lambda rng: (*_tokens(rng), 0.0),
            lambda x, w, b, e: (7 * x, w, b, e),
        ),
        equivariant(
            "tokens moved move their outputs",
            _tokens,
            lambda x, w, b: (x.flip(1), w, b),
            lambda out: out.flip(1),
        ),
    ),
    misconceptions=(
        wrong("the variance is divided by d - 1 (unbiased); layer norm divides by d", _unbiased),
        wrong("eps is added to the root, not under it", _outside),
        wrong("the root is missing: the variance itself divides", _variance),
        wrong("eps is 1e-3", lambda x, w, b, eps=1e-5: layer_norm(x, w, b, 1e-3)),
        wrong("eps is left out", lambda x, w, b, eps=1e-5: layer_norm(x, w, b, 0.0)),
        wrong("eps is fixed at 1e-5 whatever was given", lambda x, w, b, eps=1e-5: layer_norm(x, w, b)),
        wrong(
            "mean and variance run over the tokens; each token has its own",
            lambda x, w, b, eps=1e-5: _normed(x, w, b, eps, (-2,)),
        ),
        wrong(
            "mean and variance run over the batch, as in batch norm",
            lambda x, w, b, eps=1e-5: _normed(x, w, b, eps, (0,)),
        ),
        wrong(
            "mean and variance run over all tokens of an image together",
            lambda x, w, b, eps=1e-5: _normed(x, w, b, eps, tuple(range(1, x.ndim))),
        ),
        wrong(
            "weight and bias are not used",
            lambda x, w, b, eps=1e-5: layer_norm(x, torch.ones_like(w), torch.zeros_like(b), eps),
        ),
        wrong("the bias is missing", lambda x, w, b, eps=1e-5: layer_norm(x, w, b * 0, eps)),
        wrong(
            "the mean is not taken off: that is RMS norm", lambda x, w, b, eps=1e-5: rms_norm(x, w, eps) + b
        ),
    ),
    sibling=SIBLING,
)
