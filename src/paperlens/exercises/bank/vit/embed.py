"""`vit.embed`: class token first, a position for every row."""

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, items_independent, known_value, random


def embed(tokens: Tensor, cls_token: Tensor, pos_embed: Tensor) -> Tensor:
    """Eq. 1 of the paper, after the projection of the patches."""
    rows = torch.cat([cls_token.expand(len(tokens), -1, -1), tokens], dim=1)
    return rows + pos_embed


def embed_patches(tokens: Tensor, cls_token: Tensor, pos_embed: Tensor) -> Tensor:
    """Positions for the patches alone, the class token behind them."""
    return torch.cat([tokens + pos_embed, cls_token.expand(len(tokens), -1, -1)], dim=1)


def _cases(rng: np.random.Generator, extra: int = 1) -> list[Case]:
    """All sizes differ; one image, one token."""
    found = []
    for i, scale in enumerate((1.0, 1e3, 1e-3, 1.0)):
        b, n, d = distinct(rng, 3, 2, 8)
        b, n = [(b, n), (1, n), (b, n), (b, 1)][i]
        parts = random(rng, b, n, d), random(rng, 1, 1, d), random(rng, 1, n + extra, d)
        found.append(case(f"{b} x {n} x {d}, values of about {scale:g}", *(part * scale for part in parts)))
    return found


def _input(rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    return random(rng, 3, 4, 5), random(rng, 1, 1, 5), random(rng, 1, 5, 5)


SIBLING = Exercise(
    id="vit.embed_patches",
    parameters="tokens, cls_token, pos_embed",
    summary="""Patches get their positions, the class token none, and it comes last. `tokens` (b, n, d),
`cls_token` (1, 1, d), `pos_embed` (1, n, d), float32 or float64. Returns (b, n + 1, d), same dtype.""",
    minutes=6,
    difficulty=1,
    importance=3,
    points=2,
    oracle=embed_patches,
    cases=lambda rng: _cases(rng, extra=0),
    misconceptions=(
        wrong(
            "the class token comes first; here it comes last",
            lambda x, c, p: embed_patches(x, c, p).roll(1, 1),
        ),
        wrong("no position is added", lambda x, c, p: embed_patches(x, c, p * 0)),
        wrong("positions are multiplied, not added", lambda x, c, p: embed_patches(x * p, c, p * 0)),
    ),
)

EXERCISE = Exercise(
    id="vit.embed",
    parameters="tokens, cls_token, pos_embed",
    summary="""The rows that enter the Transformer: the class token first, then the patches, and to every
one of these rows its position added. `tokens` (b, n, d), `cls_token` (1, 1, d), the same for all images,
`pos_embed` (1, 1 + n, d), float32 or float64. Returns (b, 1 + n, d), same dtype.""",
    minutes=6,
    difficulty=1,
    importance=5,
    points=2,
    oracle=embed,
    cases=_cases,
    properties=(
        known_value(
            "without positions: the class token, then the patches",
            lambda rng: (*_input(rng)[:2], torch.zeros(1, 5, 5).double()),
            lambda x, c, p: torch.cat([c.expand(3, 1, 5), x], 1),
        ),
        known_value(
            "of nothing but positions, all 1 + n rows are their position",
            lambda rng: (torch.zeros(3, 4, 5).double(), torch.zeros(1, 1, 5).double(), random(rng, 1, 5, 5)),
            lambda x, c, p: p.expand(3, 5, 5),
        ),
        items_independent("each image alone gives the same", _input),
    ),
    misconceptions=(
        wrong("the class token comes last; it is row 0", lambda x, c, p: embed(x, c, p * 0).roll(-1, 1) + p),
        wrong("no position is added", lambda x, c, p: embed(x, c, p * 0)),
        wrong(
            "the class token gets no position; every row has one",
            lambda x, c, p: torch.cat([c.expand(len(x), -1, -1), x + p[:, 1:]], 1),
        ),
        wrong(
            "the patches get positions from 0 on, which is the class token's",
            lambda x, c, p: torch.cat([c.expand(len(x), -1, -1), x + p[:, :-1]], 1),
        ),
        wrong("positions are multiplied, not added", lambda x, c, p: embed(x, c, p * 0) * p),
        wrong("the class token is missing", lambda x, c, p: x + p[:, 1:]),
        wrong("the class token is added to all patches", lambda x, c, p: embed(x + c, c, p)),
        wrong(
            "the class token is replaced by the mean of the patches",
            lambda x, c, p: embed(x, x.mean(1, True), p),
        ),
    ),
    sibling=SIBLING,
)
