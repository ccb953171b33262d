"""`liif.sample_feature`: the feature of the cell in which a coordinate lies."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import (
    distinct,
    equivariant,
    homogeneous,
    items_independent,
    known_value,
    random,
)


def sample_feature(feature: Tensor, coord: Tensor) -> Tensor:
    """Point after point: cell i of n reaches from -1 + 2 i / n to -1 + 2 (i + 1) / n."""
    b, c, h, w = feature.shape
    out = feature.new_empty(b, c, coord.shape[1])
    for image in range(b):
        for point, (y, x) in enumerate(coord[image].tolist()):
            row, column = int((y + 1) / 2 * h), int((x + 1) / 2 * w)
            out[image, :, point] = feature[image, :, min(row, h - 1), min(column, w - 1)]
    return out


def _resampled(
    feature: Tensor, coord: Tensor, mode: str = "nearest", align: bool = False, **options: Any
) -> Tensor:
    grid = coord.flip(-1)[:, None]
    return F.grid_sample(feature, grid, mode=mode, align_corners=align, **options)[:, :, 0]


def _coords(rng: np.random.Generator, b: int, n: int, h: int, w: int) -> Tensor:
    """Points well inside cells, far from their borders; the outermost cells among them."""
    cells = torch.from_numpy(np.stack([rng.integers(0, size, (b, n)) for size in (h, w)], -1)).double()
    cells[:, 0], cells[:, -1] = 0, torch.tensor([h - 1.0, w - 1.0])
    offset = torch.from_numpy(rng.uniform(0.06, 0.94, (b, n, 2)))
    return (cells + offset) / torch.tensor([h, w]) * 2 - 1


def _cases(rng: np.random.Generator) -> list[Case]:
    """All sizes differ; one image, one channel, a map of one row."""
    found = []
    for i, scale in enumerate((1.0, 1e3, 1e-3, 1.0)):
        b, c, h, w = distinct(rng, 4, 2, 8)
        b, c, h = [(b, c, h), (1, c, h), (b, 1, h), (b, c, 1)][i]
        n = int(rng.integers(9, 15))
        found.append(
            case(
                f"a map of {b} x {c} x {h} x {w}, {n} points",
                random(rng, b, c, h, w, scale=scale),
                _coords(rng, b, n, h, w),
            )
        )
    return found


def _input(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    return random(rng, 3, 2, 4, 7), _coords(rng, 3, 12, 4, 7)


def _ramp(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """0 1 2 3 4 5 along x, the same in both rows; points (y, x)."""
    return torch.arange(6.0).double().expand(1, 1, 2, 6).clone(), torch.tensor(
        [[[-0.5, 0.9], [0.5, -0.9], [0.5, 0.1]]]
    ).double()


def _rounded(feature: Tensor, coord: Tensor, size: int) -> Tensor:
    """Indices rounded from coordinates that are taken for those of corners (size - 1) or of cells' edges (size)."""
    h, w = feature.shape[2:]
    at = (coord + 1) / 2 * (torch.tensor([h, w]) - 1 + size)
    row, column = at.round().long().clamp(torch.tensor(0), torch.tensor([h, w]) - 1).unbind(-1)
    return torch.stack([one[:, r, c] for one, r, c in zip(feature, row, column, strict=True)])


SIBLING = Exercise(
    id="liif.sample_feature_xy",
    parameters="feature, coord",
    summary="""The feature of the cell in which a point lies. `feature` (b, c, h, w), `coord` (b, n, 2),
float32 or float64: (x, y) in the unit square, x to the right, y downwards, 0 and 1 at the outer edges of
the map, never on the border of two cells. Returns (b, c, n), same dtype.""",
    minutes=12,
    difficulty=3,
    importance=3,
    points=4,
    oracle=lambda feature, coord: sample_feature(feature, 2 * coord.flip(-1) - 1),
    cases=lambda rng: [case(c.name, c.args[0], (c.args[1].flip(-1) + 1) / 2) for c in _cases(rng)],
    misconceptions=(
        wrong("y is taken first; the points are (x, y)", lambda f, p: sample_feature(f, 2 * p - 1)),
        wrong(
            "the points are taken as in the square from -1 to 1", lambda f, p: sample_feature(f, p.flip(-1))
        ),
        wrong(
            "values are interpolated; take the cell's own",
            lambda f, p: _resampled(f, 2 * p.flip(-1) - 1, "bilinear"),
        ),
    ),
)

EXERCISE = Exercise(
    id="liif.sample_feature",
    parameters="feature, coord",
    summary="""The feature of the nearest cell. `feature` (b, c, h, w), `coord` (b, n, 2), float32 or
float64: points (y, x), y first, in the square from -1 to 1 whose edges are the outer edges of the map; a
point lies inside the map and never on the border of two cells. Returns (b, c, n), same dtype: for each
point all channels of the cell whose centre is nearest, without interpolation.""",
    minutes=12,
    difficulty=3,
    importance=4,
    points=4,
    oracle=sample_feature,
    cases=_cases,
    properties=(
        known_value(
            "a ramp along x of six columns: x = 0.9, -0.9, 0.1 give 5, 0, 3",
            _ramp,
            lambda *_: torch.tensor([[[5.0, 0, 3]]]).double(),
        ),
        equivariant(
            "points may come in any order", _input, lambda f, p: (f, p.flip(1)), lambda out: out.flip(2)
        ),
        homogeneous("twice the map gives twice the features", _input, 1, factor=2.0),
        items_independent("each image has its own points", _input, (0, 1)),
    ),
    misconceptions=(
        wrong(
            "x is taken first; the points are (y, x), and grid_sample wants (x, y)",
            lambda f, p: sample_feature(f, p.flip(-1)),
        ),
        wrong(
            "corners are aligned: -1 and 1 are taken for the centres of the outer cells",
            lambda f, p: _resampled(f, p, align=True),
        ),
        wrong(
            "values are interpolated; the nearest cell's are asked for",
            lambda f, p: _resampled(f, p, "bilinear"),
        ),
        wrong(
            "values are interpolated, with corners aligned", lambda f, p: _resampled(f, p, "bilinear", True)
        ),
        wrong(
            "the position is rounded, (y + 1) / 2 h, which is half a cell off: take its floor",
            lambda f, p: _rounded(f, p, 1),
        ),
        wrong(
            "the points of the first image are used for all",
            lambda f, p: sample_feature(f, p[:1].expand_as(p)),
        ),
        wrong(
            "the points are taken as in the square from 0 to 1",
            lambda f, p: sample_feature(f, 2 * p.clamp(0, 1) - 1),
        ),
        wrong("the result is (b, n, c): channels come before points", lambda f, p: sample_feature(f, p).mT),
        wrong("y is taken upwards", lambda f, p: sample_feature(f.flip(2), p)),
    ),
    sibling=SIBLING,
)
