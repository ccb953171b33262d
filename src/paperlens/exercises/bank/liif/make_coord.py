"""`liif.make_coord`: where the pixels of an image lie in the square from -1 to 1."""

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, equivariant, known_value


def _centres(n: int) -> list[float]:
    return [-1 + (2 * i + 1) / n for i in range(n)]


def make_coord(height: int, width: int) -> Tensor:
    """Cell after cell, (y, x)."""
    return torch.tensor([[[y, x] for x in _centres(width)] for y in _centres(height)], dtype=torch.float64)


def make_coord_xy(height: int, width: int) -> Tensor:
    """The same in the unit square, (x, y)."""
    return (make_coord(height, width).flip(-1) + 1) / 2


def _grid(ys: Tensor, xs: Tensor) -> Tensor:
    return torch.stack(torch.meshgrid(ys.double(), xs.double(), indexing="ij"), dim=-1)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Sides that differ, one row, one column, one cell."""
    h, w = distinct(rng, 2, 2, 9)
    sizes = [(h, w), (w, h), (1, w), (h, 1), (1, 1), (int(rng.integers(20, 40)), int(rng.integers(3, 15)))]
    return [case(f"height {h}, width {w}", h, w) for h, w in sizes]


SIBLING = Exercise(
    id="liif.make_coord_xy",
    parameters="height, width",
    summary="""Where the pixels of an image lie in the unit square. `height`, `width`: whole numbers. Each
pixel is a cell of the square from 0 to 1, and its coordinate is the centre of that cell, (x, y): x grows to
the right, y downwards. Returns (height, width, 2), float32 or float64.""",
    minutes=6,
    difficulty=2,
    importance=3,
    points=3,
    oracle=make_coord_xy,
    cases=_cases,
    any_float=True,
    misconceptions=(
        wrong("y comes first; here it is (x, y)", lambda h, w: make_coord_xy(h, w).flip(-1)),
        wrong(
            "the corners are at 0 and 1; cells have centres",
            lambda h, w: _grid(torch.linspace(0, 1, h), torch.linspace(0, 1, w)).flip(-1),
        ),
        wrong("the square goes from 0 to 1, not from -1 to 1", lambda h, w: make_coord(h, w).flip(-1)),
    ),
)

EXERCISE = Exercise(
    id="liif.make_coord",
    parameters="height, width",
    summary="""Where the pixels of an image lie in the square from -1 to 1. `height`, `width`: whole
numbers. The square is divided into height x width cells; a pixel's coordinate is the *centre* of its cell,
(y, x): y first, growing downwards from -1 to 1, then x to the right. Returns (height, width, 2), float32 or
float64.""",
    minutes=6,
    difficulty=2,
    importance=4,
    points=3,
    oracle=make_coord,
    cases=_cases,
    any_float=True,
    properties=(
        known_value(
            "two cells have their centres at -0.5 and 0.5",
            lambda rng: (2, 1),
            lambda h, w: torch.tensor([[[-0.5, 0]], [[0.5, 0]]]).double(),
        ),
        known_value("one cell lies at 0, 0", lambda rng: (1, 1), lambda h, w: torch.zeros(1, 1, 2).double()),
        equivariant(
            "a picture lying on its side exchanges y and x",
            lambda rng: (3, 7),
            lambda h, w: (w, h),
            lambda out: out.transpose(0, 1).flip(-1),
        ),
    ),
    misconceptions=(
        wrong(
            "the corners are at -1 and 1 (linspace); cells have their centres 1/n inside",
            lambda h, w: _grid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w)),
        ),
        wrong("x comes first; the contract says (y, x)", lambda h, w: make_coord(h, w).flip(-1)),
        wrong(
            "the axes of the grid are exchanged: (width, height, 2)",
            lambda h, w: make_coord(h, w).transpose(0, 1),
        ),
        wrong("the square goes from -1 to 1, not from 0 to 1", lambda h, w: (make_coord(h, w) + 1) / 2),
        wrong(
            "the left edges of the cells are taken, not their centres",
            lambda h, w: make_coord(h, w) - 1 / torch.tensor([h, w]).double(),
        ),
        wrong(
            "the right edges of the cells are taken, not their centres",
            lambda h, w: make_coord(h, w) + 1 / torch.tensor([h, w]).double(),
        ),
        wrong("y grows upwards; it should downwards", lambda h, w: make_coord(h, w).flip(0)),
        wrong(
            "pixels are counted from 0; coordinates lie between -1 and 1",
            lambda h, w: _grid(torch.arange(h), torch.arange(w)),
        ),
        wrong("the list is flat: (height width, 2)", lambda h, w: make_coord(h, w).flatten(0, 1)),
    ),
    sibling=SIBLING,
)
