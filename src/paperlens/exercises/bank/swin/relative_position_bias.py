"""`swin.relative_position_bias`: one number for each offset between two tokens."""

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import known_value, random


def _index(m: int, row: int, offset: int, sign: int = 1) -> Tensor:
    """(m m, m m): (dy + offset) * row + (dx + offset), of query minus key, or of key minus query."""
    y, x = torch.arange(m).repeat_interleave(m), torch.arange(m).repeat(m)
    dy, dx = (sign * (axis[:, None] - axis) for axis in (y, x))
    return (dy + offset) * row + dx + offset


def relative_position_bias(table: Tensor, window_size: int) -> Tensor:
    """Pair after pair."""
    m = window_size
    bias = table.new_zeros(table.shape[1], m * m, m * m)
    for query in range(m * m):
        for key in range(m * m):
            dy, dx = query // m - key // m, query % m - key % m
            bias[:, query, key] = table[(dy + m - 1) * (2 * m - 1) + (dx + m - 1)]
    return bias


def sequence_position_bias(table: Tensor, window_size: int) -> Tensor:
    """Pair after pair, in a row of tokens."""
    place = torch.arange(window_size)
    return table[place - place[:, None] + window_size - 1].movedim(-1, 0)


def _looked_up(table: Tensor, index: Tensor) -> Tensor:
    return table[index.remainder(len(table))].movedim(-1, 0)


def _swapped(m: int) -> Tensor:
    index = _index(m, 2 * m - 1, m - 1)
    return index % (2 * m - 1) * (2 * m - 1) + index // (2 * m - 1)


def _distance(m: int) -> Tensor:
    index = _index(m, 2 * m - 1, m - 1)
    dy, dx = index // (2 * m - 1) - m + 1, index % (2 * m - 1) - m + 1
    return (dy.abs() + m - 1) * (2 * m - 1) + dx.abs() + m - 1


def _cases(rng: np.random.Generator, axes: int = 2) -> list[Case]:
    """Random tables; windows of even and odd size, of one token; one head."""
    found = []
    for m, heads, scale in [(3, 2, 1.0), (4, 5, 1e3), (2, 3, 1e-3), (5, 1, 1.0), (1, 4, 1.0)]:
        table = random(rng, (2 * m - 1) ** axes, heads, scale=scale)
        found.append(case(f"a window of {m}, {heads} heads", table, m))
    return found


SIBLING = Exercise(
    id="swin.sequence_position_bias",
    parameters="table, window_size",
    summary="""The bias of a sequence: one number for each offset. `table` (2m - 1, heads), float32 or
float64; `window_size` m. Entry [head, query, key] of the result is table[d + m - 1, head] with d = **key
minus query**. Returns (heads, m, m), same dtype.""",
    minutes=10,
    difficulty=3,
    importance=3,
    points=4,
    oracle=sequence_position_bias,
    cases=lambda rng: _cases(rng, axes=1),
    misconceptions=(
        wrong(
            "the offset is query minus key; here it is key minus query",
            lambda t, m: sequence_position_bias(t, m).mT,
        ),
        wrong(
            "the offsets begin at 0: m - 1 is not added",
            lambda t, m: sequence_position_bias(t.roll(1 - m, 0), m),
        ),
        wrong(
            "heads are reshaped, not moved to the front",
            lambda t, m: sequence_position_bias(t, m).movedim(0, -1).reshape(-1, m, m),
        ),
    ),
)

EXERCISE = Exercise(
    id="swin.relative_position_bias",
    parameters="table, window_size",
    summary=r"""The relative position bias of a window. `table` ((2m - 1)^2, heads), float32 or float64;
`window_size` m. For a query and a key token of an m x m window, numbered row by row, with the offset (dy,
dx) = query minus key, entry [head, query, key] of the result is $\mathtt{table}[(dy + m - 1)(2m - 1) + (dx
+ m - 1),\ \mathtt{head}]$. Returns (heads, m m, m m), same dtype.""",
    minutes=15,
    difficulty=3,
    importance=4,
    points=5,
    oracle=relative_position_bias,
    cases=_cases,
    properties=(
        known_value(
            "a token and itself: the middle entry of the table, on the whole diagonal",
            lambda rng: (torch.arange(9.0).double().eq(4).double()[:, None], 2),
            lambda *_: torch.eye(4).double()[None],
        ),
        known_value(
            "a table that counts its heads gives each head its number",
            lambda rng: (torch.arange(3.0).double().expand(25, 3).clone(), 3),
            lambda *_: torch.arange(3.0).double()[:, None, None].expand(3, 9, 9),
        ),
    ),
    misconceptions=(
        wrong(
            "the offset is key minus query; it should be query minus key",
            lambda t, m: relative_position_bias(t, m).mT,
        ),
        wrong("dy and dx are exchanged", lambda t, m: _looked_up(t, _swapped(m))),
        wrong(
            "dy is multiplied by m; a row of the table has 2m - 1 entries",
            lambda t, m: _looked_up(t, _index(m, m, m - 1)),
        ),
        wrong(
            "m - 1 is not added: negative offsets count from the end",
            lambda t, m: _looked_up(t, _index(m, 2 * m - 1, 0)),
        ),
        wrong("m is added instead of m - 1", lambda t, m: _looked_up(t, _index(m, 2 * m - 1, m))),
        wrong(
            "the offsets are taken as distances, without their sign", lambda t, m: _looked_up(t, _distance(m))
        ),
        wrong(
            "the heads are reshaped to the front instead of moved there",
            lambda t, m: relative_position_bias(t, m).movedim(0, -1).reshape(-1, m * m, m * m),
        ),
        wrong(
            "the heads are left on the last axis", lambda t, m: relative_position_bias(t, m).movedim(0, -1)
        ),
    ),
    sibling=SIBLING,
)
