"""`vit.resize_pos_embed`: positions for another number of patches."""

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, known_value, random


def _grid(rows: Tensor, height: int, width: int, mode: str = "bilinear", **options: Any) -> Tensor:
    """(1, g g, d) to (1, height width, d)."""
    side = math.isqrt(rows.shape[1])
    picture = rows.mT.unflatten(2, (side, side))
    return F.interpolate(picture, (height, width), mode=mode, **options).flatten(2).mT


def resize_grid_embed(pos_embed: Tensor, height: int, width: int) -> Tensor:
    """All rows lie on the grid."""
    return _grid(pos_embed, height, width, align_corners=False)


def resize_pos_embed(pos_embed: Tensor, height: int, width: int) -> Tensor:
    """The class row is kept, the others are a picture of d channels."""
    return _with_class(pos_embed, resize_grid_embed(pos_embed[:, 1:], height, width))


def _with_class(pos_embed: Tensor, rows: Tensor) -> Tensor:
    return torch.cat([pos_embed[:, :1], rows], dim=1)


def _cases(rng: np.random.Generator, extra: int = 1) -> list[Case]:
    """Larger and smaller, sides that differ, the same size."""
    found = []
    for i, scale in enumerate((1.0, 1e3, 1e-3, 1.0, 1.0)):
        h, w, d = distinct(rng, 3, 5, 9)
        side, h, w = [(3, h, w), (10, h - 2, w - 2), (4, h, 2), (7, 3, w + 4), (4, 4, 4)][i]
        name = f"from {side} x {side} to {h} x {w}, {d} channels"
        found.append(case(name, random(rng, 1, extra + side * side, d, scale=scale), h, w))
    return found


def _ramp(rows: bool) -> tuple[Tensor, int, int]:
    """A class row, then 0 to 3 down the rows (or along the columns) of a 4 x 4 grid."""
    ramp = torch.arange(4.0).double()
    grid = ramp[:, None].expand(4, 4) if rows else ramp.expand(4, 4)
    return torch.cat([torch.tensor([9.0]).double(), grid.flatten()])[None, :, None], 4, 2


def _raw(pos_embed: Tensor, height: int, width: int) -> Tensor:
    """A reshape to (1, d, g, g) without moving the channels first."""
    side = math.isqrt(pos_embed.shape[1] - 1)
    picture = pos_embed[:, 1:].reshape(1, -1, side, side)
    return _with_class(pos_embed, F.interpolate(picture, (height, width), mode="bilinear").flatten(2).mT)


def _class_in_grid(p: Tensor, h: int, w: int) -> Tensor:
    """The first g g of the 1 + g g rows are taken as the grid."""
    return _with_class(p, resize_grid_embed(p[:, :-1], h, w))


def _one_axis(p: Tensor, h: int, w: int) -> Tensor:
    return _with_class(p, F.interpolate(p[:, 1:].mT, h * w, mode="linear").mT)


SIBLING = Exercise(
    id="vit.resize_grid_embed",
    parameters="pos_embed, height, width",
    summary="""Positions for another number of patches, in a network without a class token. `pos_embed` (1,
g g, d), float32 or float64, row by row on a g x g grid; it is resized as a picture of d channels,
bilinearly, `align_corners` False, `antialias` False. Returns (1, height width, d), row by row, same dtype.""",
    minutes=10,
    difficulty=2,
    importance=3,
    points=4,
    oracle=resize_grid_embed,
    cases=lambda rng: _cases(rng, extra=0),
    misconceptions=(
        wrong("height and width are exchanged", lambda p, h, w: resize_grid_embed(p, w, h)),
        wrong("corners are aligned", lambda p, h, w: _grid(p, h, w, align_corners=True)),
        wrong("the positions are resized bicubically", lambda p, h, w: _grid(p, h, w, "bicubic")),
    ),
)

EXERCISE = Exercise(
    id="vit.resize_pos_embed",
    parameters="pos_embed, height, width",
    summary="""Positions for another number of patches. `pos_embed` (1, 1 + g g, d), float32 or float64:
row 0 belongs to the class token, the others lie row by row on a g x g grid. The class row is kept; the grid
is resized as a picture of d channels to height x width, bilinearly, `align_corners` False, `antialias`
False. Returns (1, 1 + height width, d), the grid row by row, same dtype.""",
    minutes=12,
    difficulty=3,
    importance=4,
    points=5,
    oracle=resize_pos_embed,
    cases=_cases,
    properties=(
        known_value(
            "the same size changes nothing", lambda rng: (random(rng, 1, 17, 3), 4, 4), lambda p, h, w: p
        ),
        known_value(
            "a ramp down the rows 0 1 2 3 stays one, at 4 x 2",
            lambda rng: _ramp(True),
            lambda *_: torch.tensor([9.0, 0, 0, 1, 1, 2, 2, 3, 3]).double()[None, :, None],
        ),
        known_value(
            "a ramp along the columns 0 1 2 3 becomes 0.5 2.5, at 4 x 2",
            lambda rng: _ramp(False),
            lambda *_: torch.tensor([9.0, *[0.5, 2.5] * 4]).double()[None, :, None],
        ),
    ),
    misconceptions=(
        wrong("the grid is reshaped to (1, d, g, g) without moving the channels to the front", _raw),
        wrong("the class row is counted into the grid, so that the grid is off by one row", _class_in_grid),
        wrong(
            "height and width are exchanged",
            lambda p, h, w: _with_class(p, resize_grid_embed(p[:, 1:], w, h)),
        ),
        wrong(
            "corners are aligned", lambda p, h, w: _with_class(p, _grid(p[:, 1:], h, w, align_corners=True))
        ),
        wrong(
            "the nearest position is taken, not bilinear",
            lambda p, h, w: _with_class(p, _grid(p[:, 1:], h, w, "nearest")),
        ),
        wrong(
            "the positions are resized bicubically",
            lambda p, h, w: _with_class(p, _grid(p[:, 1:], h, w, "bicubic")),
        ),
        wrong("antialias is on", lambda p, h, w: _with_class(p, _grid(p[:, 1:], h, w, antialias=True))),
        wrong("all positions are resized as one line, not as a grid", _one_axis),
        wrong("the class row is missing", lambda p, h, w: resize_pos_embed(p, h, w)[:, 1:]),
        wrong("the class row comes last", lambda p, h, w: resize_pos_embed(p, h, w).roll(-1, 1)),
    ),
    sibling=SIBLING,
)
