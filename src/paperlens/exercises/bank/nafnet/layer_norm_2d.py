"""`nafnet.layer_norm_2d`: each pixel to mean 0 and variance 1 over its channels."""

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, equivariant, invariant, items_independent, random


def _normed(dims: tuple[int, ...], x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    centred = x - x.mean(dims, keepdim=True)
    variance = centred.square().mean(dims, keepdim=True)
    return centred / (variance + eps).sqrt() * weight[:, None, None] + bias[:, None, None]


def layer_norm_2d(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-6) -> Tensor:
    """Layer norm of a map: over the channels of each pixel."""
    return _normed((1,), x, weight, bias, eps)


def instance_norm_2d(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """Over the pixels of each channel of each image."""
    return _normed((2, 3), x, weight, bias, eps)


def _cases(rng: np.random.Generator) -> list[Case]:
    """All sizes differ; spreads of which eps is a part; the default eps; one image, one pixel."""
    found = []
    for i, (scale, eps) in enumerate([(1.0, None), (1e-3, None), (1e3, 1e-6), (0.1, 0.02), (1.0, 0.5)]):
        b, c, h, w = distinct(rng, 4, 3, 9)
        b = 1 if i == 2 else b
        x = random(rng, b, c, h, w, scale=scale) + scale * random(rng, b, 1, h, w)
        words = "the default eps" if eps is None else f"eps {eps:g}"
        given = () if eps is None else (eps,)
        found.append(
            case(
                f"{b} x {c} x {h} x {w}, about {scale:g}, {words}", x, random(rng, c), random(rng, c), *given
            )
        )
    return found


def _input(rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    return random(rng, 3, 6, 4, 5), random(rng, 6), random(rng, 6)


def _reshaped(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-6) -> Tensor:
    rows = x.reshape(-1, x.shape[1])
    return torch.nn.functional.layer_norm(rows, (x.shape[1],), weight, bias, eps).reshape(x.shape)


def _unbiased(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-6) -> Tensor:
    centred = (x - x.mean(1, True)) / (x.var(1, keepdim=True) + eps).sqrt()
    return centred * weight[:, None, None] + bias[:, None, None]


def _outside(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-6) -> Tensor:
    centred = (x - x.mean(1, True)) / (x.std(1, correction=0, keepdim=True) + eps)
    return centred * weight[:, None, None] + bias[:, None, None]


def _without_mean(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-6) -> Tensor:
    return x / (x.square().mean(1, True) + eps).sqrt() * weight[:, None, None] + bias[:, None, None]


SIBLING = Exercise(
    id="nafnet.instance_norm_2d",
    parameters="x, weight, bias, eps=1e-5",
    summary=r"""Instance normalisation: each channel of each image to mean 0 and variance 1 over its pixels,
biased variance, eps under the root, then times `weight` plus `bias`. `x` (b, c, h, w), `weight` and `bias`
(c,), float32 or float64; `eps` 1e-5 where it is not given. Returns the shape and dtype of `x`.""",
    minutes=6,
    difficulty=1,
    importance=3,
    points=3,
    oracle=instance_norm_2d,
    cases=_cases,
    misconceptions=(
        wrong(
            "it runs over the channels: that is layer norm",
            lambda x, w, b, eps=1e-5: layer_norm_2d(x, w, b, eps),
        ),
        wrong(
            "it runs over the batch too: that is batch norm",
            lambda x, w, b, eps=1e-5: _normed((0, 2, 3), x, w, b, eps),
        ),
        wrong(
            "weight and bias are not used",
            lambda x, w, b, eps=1e-5: instance_norm_2d(x, w * 0 + 1, b * 0, eps),
        ),
    ),
)

EXERCISE = Exercise(
    id="nafnet.layer_norm_2d",
    parameters="x, weight, bias, eps=1e-6",
    summary=r"""Layer normalisation of a map, over the channels of each pixel: $(x - \mu) / \sqrt{\sigma^2 +
\epsilon} \cdot w + b$ with the biased variance. `x` (b, c, h, w), `weight` and `bias` (c,), float32 or
float64; `eps` 1e-6 where it is not given. Returns the shape and dtype of `x`.""",
    minutes=8,
    difficulty=1,
    importance=4,
    points=3,
    oracle=layer_norm_2d,
    cases=_cases,
    properties=(
        invariant(
            "a pixel's scale does not matter (eps 0)",
            lambda rng: (*_input(rng), 0.0),
            lambda x, w, b, e: (7 * x, w, b, e),
        ),
        equivariant(
            "pixels do not see each other",
            _input,
            lambda x, w, b: (x[:, :, :2, 1:], w, b),
            lambda out: out[:, :, :2, 1:],
        ),
        items_independent("each image alone gives the same", _input),
    ),
    misconceptions=(
        wrong(
            "it runs over height and width; it should over the channels",
            lambda x, w, b, eps=1e-6: instance_norm_2d(x, w, b, eps),
        ),
        wrong(
            "it runs over channels, height and width together",
            lambda x, w, b, eps=1e-6: _normed((1, 2, 3), x, w, b, eps),
        ),
        wrong(
            "it runs over the batch as well, as batch norm",
            lambda x, w, b, eps=1e-6: _normed((0, 2, 3), x, w, b, eps),
        ),
        wrong("a reshape to (-1, c) mixes pixels: move the channels last first", _reshaped),
        wrong("the variance is divided by c - 1 (unbiased)", _unbiased),
        wrong("eps is added to the root, not under it", _outside),
        wrong("eps is 1e-5 whatever was given", lambda x, w, b, eps=1e-6: layer_norm_2d(x, w, b, 1e-5)),
        wrong("eps is left out", lambda x, w, b, eps=1e-6: layer_norm_2d(x, w, b, 0.0)),
        wrong(
            "weight and bias are not used", lambda x, w, b, eps=1e-6: layer_norm_2d(x, w * 0 + 1, b * 0, eps)
        ),
        wrong("the bias is missing", lambda x, w, b, eps=1e-6: layer_norm_2d(x, w, b * 0, eps)),
        wrong("the mean is not taken off", _without_mean),
    ),
    sibling=SIBLING,
)
