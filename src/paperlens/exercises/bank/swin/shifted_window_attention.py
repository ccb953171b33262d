"""`swin.shifted_window_attention`: windows that reach across the borders of the last ones."""

from itertools import pairwise

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, items_independent, jacobian_support, known_value, random


def _windows(x: Tensor, m: int) -> Tensor:
    return rearrange(x, "b (i y) (j x) c -> b (i j) (y x) c", y=m, x=m)


def _attend(x: Tensor, m: int, allowed: Tensor | None = None) -> Tensor:
    """Attention within the windows of x; allowed: (windows, tokens, tokens)."""
    tokens = _windows(x, m)
    scores = tokens @ tokens.mT * x.shape[-1] ** -0.5
    scores = scores if allowed is None else scores.masked_fill(~allowed, -torch.inf)
    return rearrange(
        scores.softmax(-1) @ tokens, "b (i j) (y x) c -> b (i y) (j x) c", y=m, x=m, i=x.shape[1] // m
    )


def _roll(x: Tensor, rows: int, columns: int | None = None) -> Tensor:
    return x.roll((rows, rows if columns is None else columns), (1, 2))


def _mask(x: Tensor, m: int, shift: int, rows: bool = True, columns: bool = True) -> Tensor:
    """After the roll, the last rows and columns came around the edge: they keep to themselves."""
    h, w = x.shape[1:3]
    row = ((torch.arange(h) >= h - shift) & rows)[:, None].expand(h, w)
    column = ((torch.arange(w) >= w - shift) & columns).expand(h, w)
    region = _windows((2 * row + column)[None, :, :, None], m)[0, ..., 0]
    return region[:, :, None] == region[:, None, :]


def shifted_window_attention(x: Tensor, window_size: int, shift: int) -> Tensor:
    """Roll, attend within windows under the mask, roll back."""
    mask = _mask(x, window_size, shift)
    return _roll(_attend(_roll(x, -shift), window_size, mask), shift)


def shifted_sequence_attention(x: Tensor, window_size: int, shift: int) -> Tensor:
    """One row of tokens: windows cut at shift, shift + m, ..., the first and the last one shorter."""
    ends = [0, *range(shift or window_size, x.shape[1], window_size), x.shape[1]]
    parts = [x[:, start:end] for start, end in pairwise(ends)]
    return torch.cat([(p @ p.mT * x.shape[-1] ** -0.5).softmax(-1) @ p for p in parts], dim=1)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Sides of different numbers of windows, one window, every kind of shift; scores stay below about 30."""
    found = []
    for i, (m, shift, scale) in enumerate(
        [(4, 2, 1.0), (3, 1, 1.5), (4, 3, 1e-3), (3, 0, 1.0), (4, 2, 0.5), (2, 1, 1.0)]
    ):
        b, rows, columns, c = distinct(rng, 4, 2, 5)
        b, rows = [(b, rows), (1, rows), (b, rows), (b, rows), (b, 1), (b, rows)][i]
        x = random(rng, b, rows * m, columns * m, c, scale=scale)
        found.append(
            case(f"{b} x {rows * m} x {columns * m} x {c}, windows of {m}, shift {shift}", x, m, shift)
        )
    return found


def _sequence_cases(rng: np.random.Generator) -> list[Case]:
    return [case(f"the row of {c.name}", c.args[0][:, 0], *c.args[1:]) for c in _cases(rng)]


def _support(index: tuple[int, ...], x: Tensor, m: int, shift: int) -> Tensor:
    """The outputs in the window of an input; windows are cut at shift, shift + m, ... and wrap nowhere."""
    row, column = ((torch.arange(n) - shift).div(m, rounding_mode="floor") for n in x.shape[1:3])
    reached = torch.zeros(x.shape, dtype=torch.bool)
    reached[index[0]] = ((row == row[index[1]])[:, None] & (column == column[index[2]]))[..., None]
    return reached


def _shift(x: Tensor, m: int, shift: int, **axes: bool) -> Tensor:
    return _roll(_attend(_roll(x, -shift), m, _mask(x, m, shift, **axes)), shift)


def _wrong_order(x: Tensor, m: int, shift: int) -> Tensor:
    """Masks repeated image by image, windows in turn: window k of image b gets mask (b nw + k) // batch."""
    masks = _mask(x, m, shift).repeat_interleave(len(x), 0).unflatten(0, (len(x), -1))
    return _roll(_attend(_roll(x, -shift), m, masks), shift)


SIBLING = Exercise(
    id="swin.shifted_sequence_attention",
    parameters="x, window_size, shift",
    summary=r"""Shifted window attention of a sequence. `x` (b, n, c), float32 or float64; `window_size` m
divides n; `shift` from 0 to m - 1. Windows are cut at shift, shift + m, ...: the first and the last are
shorter unless shift is 0, and nothing wraps around. One head, q = k = v = x, scale $c^{-1/2}$. Returns (b,
n, c), same dtype.""",
    minutes=20,
    difficulty=4,
    importance=4,
    points=7,
    oracle=shifted_sequence_attention,
    cases=_sequence_cases,
    misconceptions=(
        wrong(
            "the ends of the sequence attend to each other: after the roll a mask is missing",
            lambda x, m, s: shifted_sequence_attention(x.roll(-s, 1), m, 0).roll(s, 1),
        ),
        wrong("the windows are not shifted", lambda x, m, s: shifted_sequence_attention(x, m, 0)),
        wrong(
            "the result is not rolled back", lambda x, m, s: shifted_sequence_attention(x, m, s).roll(-s, 1)
        ),
    ),
)

EXERCISE = Exercise(
    id="swin.shifted_window_attention",
    parameters="x, window_size, shift",
    summary=r"""Attention within shifted windows. `x` (b, h, w, c), float32 or float64; `window_size` m
divides both sides; `shift` from 0 to m - 1, where 0 means no shift. Both axes are rolled by -shift, the map
is cut into windows, tokens attend within their window, and the result is rolled back. One head, q = k = v =
x, scale $c^{-1/2}$. Two tokens attend to each other only if they share a window *without wrapping around*:
what the roll brought in from the other side of the map is masked. Returns (b, h, w, c), same dtype.""",
    minutes=25,
    difficulty=4,
    importance=5,
    points=8,
    oracle=shifted_window_attention,
    cases=_cases,
    properties=(
        jacobian_support(
            "a token reaches the tokens of its window, and none across the edge of the map",
            lambda rng: (random(rng, 2, 6, 9, 2), 3, 1),
            _support,
            probes=12,
        ),
        known_value(
            "a map of one value stays as it is",
            lambda rng: (torch.full((1, 4, 8, 3), 0.7).double(), 4, 2),
            lambda x, *_: x,
        ),
        items_independent("each image attends alone", lambda rng: (random(rng, 3, 4, 8, 3), 4, 2)),
    ),
    misconceptions=(
        wrong(
            "the mask is missing: tokens attend across the edge of the map",
            lambda x, m, s: _roll(_attend(_roll(x, -s), m), s),
        ),
        wrong("the windows are not shifted at all", lambda x, m, s: _attend(x, m)),
        wrong(
            "the map is rolled by +shift, but the mask belongs to -shift",
            lambda x, m, s: _roll(_attend(_roll(x, s), m, _mask(x, m, s)), -s),
        ),
        wrong("the result is not rolled back", lambda x, m, s: _roll(shifted_window_attention(x, m, s), -s)),
        wrong(
            "the result is rolled back the wrong way",
            lambda x, m, s: _roll(shifted_window_attention(x, m, s), -2 * s),
        ),
        wrong("the mask covers the columns alone", lambda x, m, s: _shift(x, m, s, rows=False)),
        wrong("the mask covers the rows alone", lambda x, m, s: _shift(x, m, s, columns=False)),
        wrong(
            "only the rows are rolled",
            lambda x, m, s: _roll(_attend(_roll(x, -s, 0), m, _mask(x, m, s, columns=False)), s, 0),
        ),
        wrong("the masks are repeated in the wrong order: image by image, windows innermost", _wrong_order),
        wrong(
            "the scores are not scaled by c^-0.5",
            lambda x, m, s: shifted_window_attention(x * x.shape[-1] ** 0.25, m, s) / x.shape[-1] ** 0.25,
        ),
        wrong(
            "every token attends to the whole map",
            lambda x, m, s: (
                (x.flatten(1, 2) @ x.flatten(1, 2).mT * x.shape[-1] ** -0.5)
                .softmax(-1)
                .matmul(x.flatten(1, 2))
                .reshape(x.shape)
            ),
        ),
    ),
    sibling=SIBLING,
)
