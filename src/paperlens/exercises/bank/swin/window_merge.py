"""`swin.window_merge`: windows put together again."""

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from paperlens.exercises.engine.exercise import Call, Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, known_value, pixel_ids, random


def window_merge(windows: Tensor, window_size: int, height: int, width: int) -> Tensor:
    """Each window is written to its place."""
    m, across = window_size, width // window_size
    per_image = height // m * across
    x = windows.new_zeros(len(windows) // per_image, height, width, windows.shape[-1])
    for number, window in enumerate(windows):
        image, place = divmod(number, per_image)
        top, left = place // across * m, place % across * m
        x[image, top : top + m, left : left + m] = window.unflatten(0, (m, m))
    return x


def _read(pattern: str) -> Call:
    """The windows read in another order: i, j count windows, y, x tokens in a window."""
    return lambda x, m, h, w: rearrange(x, f"{pattern} -> b (i y) (j x) c", i=h // m, j=w // m, y=m, x=m)


def _grid(x: Tensor, g: int, h: int, w: int) -> Tensor:
    return rearrange(x, "(b i j) (y x) c -> b (y i) (x j) c", i=h // g, j=w // g, y=g, x=g)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Different numbers of windows along both sides; one image, one channel, windows of one token, one window."""
    found = []
    for i, scale in enumerate((1.0, 1e3, 1e-3, 1.0, 1.0)):
        b, rows, columns, m, c = distinct(rng, 5, 2, 7)
        b, m, c = [(b, m, c), (1, m, c), (b, m, 1), (b, 1, c), (b, 3, c)][i]
        rows, columns = (1, 1) if i == 4 else (rows, columns)
        windows = random(rng, b * rows * columns, m * m, c, scale=scale)
        name = f"{len(windows)} windows of {m} x {m} x {c} to {rows * m} x {columns * m}"
        found.append(case(name, windows, m, rows * m, columns * m))
    return found


SIBLING = Exercise(
    id="swin.grid_merge",
    parameters="groups, grid_size, height, width",
    summary="""Groups of MaxViT's grid attention put back into the map. `groups` (b n, g g, c), float32 or
float64, batch outermost, then i, then j; `grid_size` g divides `height` h and `width` w. Token (y, x) of
group (i, j), row by row, goes to (i + y h/g, j + x w/g). Returns (b, h, w, c), same dtype.""",
    minutes=10,
    difficulty=3,
    importance=3,
    points=4,
    oracle=_grid,
    cases=_cases,
    misconceptions=(
        wrong("tokens of a group are put side by side, as in Swin's windows", window_merge),
        wrong("height and width are exchanged", lambda x, g, h, w: _grid(x, g, w, h)),
        wrong("the groups are read column by column", lambda x, g, h, w: _grid(x, g, w, h).transpose(1, 2)),
    ),
)

EXERCISE = Exercise(
    id="swin.window_merge",
    parameters="windows, window_size, height, width",
    summary="""Windows put together again, the inverse of `window_partition`. `windows` (b nw, m m, c),
float32 or float64, image by image, within an image row by row, tokens row by row; `window_size` m divides
`height` and `width`. Returns (b, height, width, c), same dtype.""",
    minutes=8,
    difficulty=2,
    importance=5,
    points=4,
    oracle=window_merge,
    cases=_cases,
    properties=(
        known_value(
            "six windows of 2 x 2 with tokens 1 to 24 make a map of 4 x 6 whose first row is 1 2 5 6 9 10",
            lambda rng: (pixel_ids(6, 4, 1), 2, 4, 6),
            lambda *_: torch.tensor(
                [
                    [1, 2, 5, 6, 9, 10],
                    [3, 4, 7, 8, 11, 12],
                    [13, 14, 17, 18, 21, 22],
                    [15, 16, 19, 20, 23, 24],
                ]
            )[None, ..., None].double(),
        ),
    ),
    misconceptions=(
        wrong(
            "a plain reshape keeps windows in a row: take the axes apart, then move them",
            lambda x, m, h, w: x.reshape(-1, h, w, x.shape[-1]),
        ),
        wrong("the windows are read column by column; they come row by row", _read("(b j i) (y x) c")),
        wrong("the tokens of a window are read column by column", _read("(b i j) (x y) c")),
        wrong("windows and tokens are both read column by column", _read("(b j i) (x y) c")),
        wrong("the batch is read inside the windows; it is outermost", _read("(i j b) (y x) c")),
        wrong("height and width are exchanged", lambda x, m, h, w: window_merge(x, m, w, h)),
        wrong("the tokens of a window are spread over the map, as in a grid", _grid),
    ),
    sibling=SIBLING,
)
