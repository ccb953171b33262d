"""`nafnet.simple_gate`: one half of the channels gates the other."""

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, homogeneous, items_independent, known_value, random


def simple_gate(x: Tensor) -> Tensor:
    """Eq. 4 of the paper."""
    one, other = x.chunk(2, dim=1)
    return one * other


def gated_linear_unit(x: Tensor) -> Tensor:
    """The second half decides how much of the first passes."""
    one, other = x.chunk(2, dim=1)
    return one / (1 + (-other).exp())


def _cases(rng: np.random.Generator) -> list[Case]:
    """All sizes differ; one image, two channels; numbers of both signs."""
    found = []
    for i, scale in enumerate((1.0, 30.0, 1e-3, 1.0)):
        b, c, h, w = distinct(rng, 4, 2, 8)
        b, c = [(b, c), (1, c), (b, c), (b, 1)][i]
        found.append(
            case(f"{b} x {2 * c} x {h} x {w}, about {scale:g}", random(rng, b, 2 * c, h, w, scale=scale))
        )
    return found


def _even_odd(x: Tensor) -> Tensor:
    return x[:, ::2] * x[:, 1::2]


SIBLING = Exercise(
    id="nafnet.gated_linear_unit",
    parameters="x",
    summary=r"""The gated linear unit: `x` (b, 2c, h, w), float32 or float64; the first c channels times the
sigmoid of the last c. Returns (b, c, h, w), same dtype.""",
    minutes=4,
    difficulty=1,
    importance=2,
    points=1,
    oracle=gated_linear_unit,
    cases=_cases,
    misconceptions=(
        wrong("the sigmoid is missing: that is NAFNet's gate", simple_gate),
        wrong("the sigmoid is on the first half", lambda x: gated_linear_unit(x.roll(x.shape[1] // 2, 1))),
        wrong(
            "both halves go through the sigmoid",
            lambda x: x.sigmoid()[:, : x.shape[1] // 2] * gated_linear_unit(x) / x[:, : x.shape[1] // 2],
        ),
    ),
)

EXERCISE = Exercise(
    id="nafnet.simple_gate",
    parameters="x",
    summary="""The gate that replaces activations. `x` (b, 2c, h, w), float32 or float64: the first c
channels times the last c, number by number, and nothing else. Returns (b, c, h, w), same dtype.""",
    minutes=3,
    difficulty=1,
    importance=4,
    points=1,
    oracle=simple_gate,
    cases=_cases,
    properties=(
        homogeneous(
            "it is of degree 2: three times the input gives nine times the output",
            lambda rng: (random(rng, 2, 6, 4, 5),),
            2,
            factor=3.0,
        ),
        known_value(
            "ones in the last half leave the first as it is",
            lambda rng: (F.pad(random(rng, 2, 3, 4, 5), (0, 0, 0, 0, 0, 3), value=1.0),),
            lambda x: x[:, :3],
        ),
        items_independent("each image is gated alone", lambda rng: (random(rng, 3, 4, 2, 5),)),
    ),
    misconceptions=(
        wrong(
            "the halves are added, not multiplied",
            lambda x: x[:, : x.shape[1] // 2] + x[:, x.shape[1] // 2 :],
        ),
        wrong(
            "a sigmoid is on the second half (GLU); the gate has no nonlinearity but the product",
            gated_linear_unit,
        ),
        wrong(
            "GELU is on one half; the gate has no nonlinearity but the product",
            lambda x: x[:, : x.shape[1] // 2] * F.gelu(x[:, x.shape[1] // 2 :]),
        ),
        wrong("even channels gate odd ones; the halves are the first and the last c", _even_odd),
        wrong("the first half is multiplied by itself", lambda x: x[:, : x.shape[1] // 2] ** 2),
        wrong("the last half is multiplied by itself", lambda x: x[:, x.shape[1] // 2 :] ** 2),
        wrong(
            "one half goes through tanh", lambda x: x[:, : x.shape[1] // 2] * x[:, x.shape[1] // 2 :].tanh()
        ),
        wrong(
            "negative gates are cut off (ReLU)",
            lambda x: x[:, : x.shape[1] // 2] * x[:, x.shape[1] // 2 :].relu(),
        ),
    ),
    sibling=SIBLING,
)
