"""`vit.patchify`: an image as a sequence of patches."""

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from paperlens.exercises.engine.exercise import Call, Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, items_independent, known_value, pixel_ids, random


def patchify(image: Tensor, patch_size: int) -> Tensor:
    """Patch after patch, row by row, each flattened as it lies."""
    p, (h, w) = patch_size, image.shape[-2:]
    corners = [(top, left) for top in range(0, h, p) for left in range(0, w, p)]
    return torch.stack([image[:, :, y : y + p, x : x + p].flatten(1) for y, x in corners], dim=1)


def _ordered(pattern: str) -> Call:
    """The axes in another order: i, j count patches, y, x pixels in a patch."""
    return lambda image, p: rearrange(image, f"b c (i y) (j x) -> {pattern}", y=p, x=p)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Sides of different numbers of patches; one channel, one image, one patch, patches of one pixel."""
    found = []
    for i, scale in enumerate((1.0, 1e3, 1e-3, 1.0, 1.0)):
        b, c, rows, columns, p = distinct(rng, 5, 2, 7)
        b, c, p = [(b, c, p), (b, 1, p), (1, c, p), (b, c, 1), (b, c, 3)][i]
        image = random(rng, b, c, rows * p, columns * p, scale=scale)
        found.append(case(f"{b} x {c} x {rows * p} x {columns * p}, patches of {p}", image, p))
    return found


SIBLING = Exercise(
    id="vit.patchify_channels_last",
    parameters="image, patch_size",
    summary="""An image as a sequence of patches, channels last. `image` (b, c, h, w), float32 or float64;
`patch_size` p divides both sides. Patches come row by row; each is flattened as (row, column, c). Returns
(b, n, p p c), same dtype.""",
    minutes=10,
    difficulty=2,
    importance=4,
    points=4,
    oracle=_ordered("b (i j) (y x c)"),
    cases=_cases,
    misconceptions=(
        wrong("a patch is flattened as (c, row, column); here the channels come last", patchify),
        wrong("the patches come column by column", _ordered("b (j i) (y x c)")),
        wrong("row and column inside a patch are exchanged", _ordered("b (i j) (x y c)")),
    ),
)

EXERCISE = Exercise(
    id="vit.patchify",
    parameters="image, patch_size",
    summary="""An image as a sequence of patches. `image` (b, c, h, w), float32 or float64; `patch_size` p
divides both sides. Patches come row by row, the top left one first; each is flattened as (c, row, column).
Returns (b, n, c p p) with n = (h / p)(w / p), same dtype.""",
    minutes=10,
    difficulty=2,
    importance=5,
    points=4,
    oracle=patchify,
    cases=_cases,
    properties=(
        known_value(
            "pixels 1 to 24 of a 4 x 6 image: patch 0 holds 1, 2, 7, 8 and patch 1 holds 3, 4, 9, 10",
            lambda rng: (pixel_ids(1, 1, 4, 6), 2),
            lambda *_: torch.tensor(
                [
                    [1, 2, 7, 8],
                    [3, 4, 9, 10],
                    [5, 6, 11, 12],
                    [13, 14, 19, 20],
                    [15, 16, 21, 22],
                    [17, 18, 23, 24],
                ]
            )[None].double(),
        ),
        items_independent("each image is cut alone", lambda rng: (random(rng, 3, 2, 4, 6), 2)),
    ),
    misconceptions=(
        wrong(
            "a plain reshape keeps rows of the image together: take the axes apart, then move them",
            lambda image, p: image.reshape(len(image), -1, image.shape[1] * p * p),
        ),
        wrong("the patches come column by column; they should come row by row", _ordered("b (j i) (c y x)")),
        wrong(
            "a patch is flattened as (row, column, c); it should be (c, row, column)",
            _ordered("b (i j) (y x c)"),
        ),
        wrong("row and column inside a patch are exchanged", _ordered("b (i j) (c x y)")),
        wrong(
            "each patch takes every n-th pixel instead of neighbours: (y i) stands for (i y)",
            lambda image, p: rearrange(image, "b c (y i) (x j) -> b (i j) (c y x)", y=p, x=p),
        ),
        wrong("patch and channel axes are exchanged", lambda image, p: patchify(image, p).mT),
        wrong(
            "the axes are in order but h and w are not taken apart from each other's patches",
            lambda image, p: _ordered("b i y j x c")(image, p).reshape(patchify(image, p).shape),
        ),
    ),
    sibling=SIBLING,
)
