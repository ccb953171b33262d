"""`swin.window_partition`: a map cut into windows."""

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from paperlens.exercises.engine.exercise import Call, Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, known_value, pixel_ids, random


def window_partition(x: Tensor, window_size: int) -> Tensor:
    """Window after window, image after image."""
    m, (_, h, w, _) = window_size, x.shape
    corners = [(top, left) for top in range(0, h, m) for left in range(0, w, m)]
    return torch.cat([image[y : y + m, x : x + m].flatten(0, 1)[None] for image in x for y, x in corners])


def _ordered(pattern: str) -> Call:
    """The axes in another order: i, j count windows, y, x tokens in a window."""
    return lambda x, m: rearrange(x, f"b (i y) (j x) c -> {pattern}", y=m, x=m)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Different numbers of windows along both sides; one image, one channel, one window, windows of one token."""
    found = []
    for i, scale in enumerate((1.0, 1e3, 1e-3, 1.0, 1.0)):
        b, rows, columns, m, c = distinct(rng, 5, 2, 7)
        b, m, c = [(b, m, c), (1, m, c), (b, m, 1), (b, 1, c), (b, 3, c)][i]
        rows, columns = (1, 1) if i == 4 else (rows, columns)
        x = random(rng, b, rows * m, columns * m, c, scale=scale)
        found.append(case(f"{b} x {rows * m} x {columns * m} x {c}, windows of {m}", x, m))
    return found


SIBLING = Exercise(
    id="swin.grid_partition",
    parameters="x, grid_size",
    summary="""A map dealt out to groups that reach across it, as MaxViT's grid attention needs them. `x`
(b, h, w, c), float32 or float64; `grid_size` g divides both sides. Group (i, j) of an image holds the g x g
tokens (i + y h/g, j + x w/g) for y, x from 0 to g - 1, row by row. Returns (b n, g g, c), batch outermost,
then i, then j; same dtype.""",
    minutes=10,
    difficulty=3,
    importance=3,
    points=4,
    oracle=lambda x, g: rearrange(x, "b (y i) (x j) c -> (b i j) (y x) c", y=g, x=g),
    cases=_cases,
    misconceptions=(
        wrong(
            "neighbours are grouped, as in Swin's windows; a group here reaches across the map",
            window_partition,
        ),
        wrong(
            "the groups come column by column",
            lambda x, g: rearrange(x, "b (y i) (x j) c -> (b j i) (y x) c", y=g, x=g),
        ),
        wrong(
            "the tokens of a group come column by column",
            lambda x, g: rearrange(x, "b (y i) (x j) c -> (b i j) (x y) c", y=g, x=g),
        ),
    ),
)

EXERCISE = Exercise(
    id="swin.window_partition",
    parameters="x, window_size",
    summary="""A map cut into windows. `x` (b, h, w, c), float32 or float64; `window_size` m divides both
sides. Windows come image by image, within an image row by row, the top left one first; the tokens of a
window row by row. Returns (b nw, m m, c) with nw = (h / m)(w / m), same dtype.""",
    minutes=8,
    difficulty=2,
    importance=5,
    points=4,
    oracle=window_partition,
    cases=_cases,
    properties=(
        known_value(
            "tokens 1 to 24 of a 4 x 6 map: window 0 holds 1, 2, 7, 8 and window 1 holds 3, 4, 9, 10",
            lambda rng: (pixel_ids(1, 4, 6, 1), 2),
            lambda *_: torch.tensor(
                [
                    [1, 2, 7, 8],
                    [3, 4, 9, 10],
                    [5, 6, 11, 12],
                    [13, 14, 19, 20],
                    [15, 16, 21, 22],
                    [17, 18, 23, 24],
                ]
            )[..., None].double(),
        ),
        known_value(
            "the first windows are those of image 0 alone",
            lambda rng: (torch.arange(3.0).double().reshape(3, 1, 1, 1).expand(3, 2, 4, 1).clone(), 2),
            lambda *_: torch.arange(3.0).double().repeat_interleave(2).reshape(6, 1, 1).expand(6, 4, 1),
        ),
    ),
    misconceptions=(
        wrong(
            "a plain reshape keeps rows of the map together: take the axes apart, then move them",
            lambda x, m: x.reshape(-1, m * m, x.shape[-1]),
        ),
        wrong("the windows come column by column; they should come row by row", _ordered("(b j i) (y x) c")),
        wrong("the tokens of a window come column by column", _ordered("(b i j) (x y) c")),
        wrong("windows and tokens both come column by column", _ordered("(b j i) (x y) c")),
        wrong("the batch stands inside the windows; it is outermost", _ordered("(i j b) (y x) c")),
        wrong(
            "each window takes every n-th token instead of neighbours",
            lambda x, m: rearrange(x, "b (y i) (x j) c -> (b i j) (y x) c", y=m, x=m),
        ),
        wrong(
            "the batch stands between the rows and the columns of windows",
            _ordered("(i b j) (y x) c"),
        ),
    ),
    sibling=SIBLING,
)
