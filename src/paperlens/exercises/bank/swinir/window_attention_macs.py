"""`swinir.window_attention_macs`: what attention within windows costs."""

import numpy as np

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, invariant, known_value


def window_attention_macs(height: int, width: int, dim: int, window: int) -> int:
    """Product after product, window after window."""
    total, tokens = 0, window * window
    for _ in range((height // window) * (width // window)):
        total += 3 * tokens * dim * dim  # queries, keys, values
        total += tokens * tokens * dim  # all pairs of scores
        total += tokens * tokens * dim  # weights times values
        total += tokens * dim * dim  # the projection at the end
    return total


def block_macs(height: int, width: int, dim: int, window: int, mlp_ratio: int) -> int:
    """Attention, and two layers for each token."""
    return window_attention_macs(height, width, dim, window) + 2 * height * width * dim * mlp_ratio * dim


def _cases(rng: np.random.Generator) -> list[Case]:
    found = []
    for window in (8, 4, 7, 16, 1):
        m, n = distinct(rng, 2, 2, 9)
        h, w, dim = m * window, n * window, int(rng.choice([12, 30, 60, 96, 180]))
        found.append(case(f"{h} x {w}, dim {dim}, window {window}", h, w, dim, window))
    return found


def _block_cases(rng: np.random.Generator) -> list[Case]:
    return [
        case(f"{c.name}, ratio {r}", *c.args, r) for c, r in zip(_cases(rng), (2, 4, 3, 1, 4), strict=True)
    ]


SIBLING = Exercise(
    id="swinir.block_macs",
    parameters="height, width, dim, window, mlp_ratio",
    summary="""Multiply-accumulate operations of one transformer block: window attention (projections of
queries, keys and values, scores, weighted sum, output projection) and the MLP dim -> mlp_ratio * dim ->
dim, for a map of height x width tokens. All whole numbers; `window` divides both sides. Softmax, norms,
biases and additions do not count. Returns a Python int.""",
    minutes=10,
    difficulty=2,
    importance=3,
    points=3,
    oracle=block_macs,
    cases=_block_cases,
    properties=(
        known_value(
            "1 x 1 tokens, dim 1, window 1, ratio 1: 6 + 2", lambda rng: (1, 1, 1, 1, 1), lambda *_: 8
        ),
    ),
    misconceptions=(
        wrong("the MLP is left out", lambda h, w, d, m, r: window_attention_macs(h, w, d, m)),
        wrong(
            "only one of the MLP's two layers is counted",
            lambda h, w, d, m, r: block_macs(h, w, d, m, r) - h * w * r * d * d,
        ),
        wrong(
            "additions are counted too: that is twice the multiply-accumulates",
            lambda *sizes: 2 * block_macs(*sizes),
        ),
    ),
)

EXERCISE = Exercise(
    id="swinir.window_attention_macs",
    parameters="height, width, dim, window",
    summary="""Multiply-accumulate operations of one multi-head attention within windows, for a map of
height x width tokens of dim channels. All whole numbers; `window` divides both sides. Counted are the
projections to queries, keys and values, the scores, the weighted sum of values and the output projection;
softmax, biases and additions are not. The number of heads does not matter. Returns a Python int.""",
    minutes=10,
    difficulty=2,
    importance=4,
    points=3,
    oracle=window_attention_macs,
    cases=_cases,
    properties=(
        known_value(
            "one token of one channel: 4 projections, 1 score, 1 sum", lambda rng: (1, 1, 1, 1), lambda *_: 6
        ),
        known_value(
            "Swin's Eq. 2 at 56 x 56, dim 96, window 7: 4 h w C^2 + 2 M^2 h w C",
            lambda rng: (56, 56, 96, 7),
            lambda *_: 4 * 56 * 56 * 96**2 + 2 * 49 * 56 * 56 * 96,
        ),
        invariant(
            "height and width count alike", lambda rng: (16, 24, 12, 8), lambda h, w, d, m: (w, h, d, m)
        ),
    ),
    misconceptions=(
        wrong(
            "every token attends to the whole map; within windows it is window^2 tokens",
            lambda h, w, d, m: 4 * h * w * d**2 + 2 * (h * w) ** 2 * d,
        ),
        wrong(
            "a window holds window^2 tokens, not window",
            lambda h, w, d, m: 4 * h * w * d**2 + 2 * m * h * w * d,
        ),
        wrong("the output projection is missing", lambda h, w, d, m: 3 * h * w * d**2 + 2 * m**2 * h * w * d),
        wrong(
            "the projections are counted once, but there are four",
            lambda h, w, d, m: h * w * d**2 + 2 * m**2 * h * w * d,
        ),
        wrong("the projections are missing", lambda h, w, d, m: 2 * m**2 * h * w * d),
        wrong(
            "the weighted sum of the values is missing",
            lambda h, w, d, m: 4 * h * w * d**2 + m**2 * h * w * d,
        ),
        wrong(
            "multiplications and additions are counted apart: twice as many",
            lambda *sizes: 2 * window_attention_macs(*sizes),
        ),
    ),
    sibling=SIBLING,
)
