"""Bicubic resizing, as the low-resolution pictures of the papers were made.

R. Keys, "Cubic Convolution Interpolation for Digital Image Processing", IEEE TASSP 1981, with a = -1/2. When an
image shrinks the kernel is stretched by the scale, so that it also removes what the small grid cannot hold.

Pixel i of the output lies at (i + 1/2) * in / out - 1/2 of the input: pixels are areas, and the corners agree.
The two conventions of the field differ at the border alone:

    "renormalise"  Pillow: taps outside are dropped, the others scaled to sum to 1
    "symmetric"    MATLAB's imresize: the image is mirrored, border pixels repeated
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from einops import einsum
from jaxtyping import Float
from torch import Tensor

Border = Literal["renormalise", "symmetric"]
A = -0.5


def bicubic(
    image: Float[Tensor, "b c h w"],
    scale: float | int | None = None,
    *,
    size: tuple[int, int] | None = None,
    antialias: bool = True,
    border: Border = "renormalise",
) -> Float[Tensor, "b c y x"]:
    """Resize with the cubic of Keys; differentiable, in the image's dtype, values are not clamped.

    Args:
        image: any float dtype, any range.
        scale: output size over input size, above 1 to enlarge; sides are rounded up, as MATLAB does.
        size: the output's height and width instead of a scale.
        antialias: widen the kernel when shrinking. Without it high frequencies fold back as stripes.
        border: "renormalise" equals Pillow's BICUBIC, "symmetric" MATLAB's imresize.

    Raises:
        ValueError: neither or both of scale and size are given, or one is not positive.
    """
    if (scale is None) == (size is None):
        raise ValueError(f"give either scale or size, got scale={scale} and size={size}")
    h, w = image.shape[-2:]
    factors: tuple[float, float]
    if scale is not None:
        if scale <= 0:
            raise ValueError(f"scale must be positive, got {scale}")
        # A product like 30 * (1/3) must not be rounded up to 11.
        size, factors = (math.ceil(h * scale - 1e-9), math.ceil(w * scale - 1e-9)), (scale, scale)
    else:
        assert size is not None
        if min(size) < 1:
            raise ValueError(f"size must be at least 1 x 1, got {size[0]} x {size[1]}")
        factors = size[0] / h, size[1] / w
    if border == "renormalise":
        factors = size[0] / h, size[1] / w  # Pillow always maps the whole image onto the whole output
    rows = resize_matrix(h, size[0], factors[0], antialias=antialias, border=border)
    columns = resize_matrix(w, size[1], factors[1], antialias=antialias, border=border)
    narrow = einsum(columns.to(image), image, "x w, b c h w -> b c h x")
    return einsum(rows.to(image), narrow, "y h, b c h x -> b c y x")


def resize_matrix(
    length: int,
    new_length: int,
    factor: float | int,
    *,
    antialias: bool = True,
    border: Border = "renormalise",
) -> Float[Tensor, "n m"]:
    """The resampling of one axis as a matrix, float64; each row sums to 1.

    Args:
        length: m, entries of the input.
        new_length: n, entries of the output.
        factor: n / m, or the exact scale where n was rounded.
        antialias: as in `bicubic`.
        border: as in `bicubic`.
    """
    stretch = max(1.0, 1 / factor) if antialias else 1.0
    support = 2 * stretch
    centre = (np.arange(new_length) + 0.5) / factor - 0.5
    first = np.floor(centre - support).astype(np.int64)
    taps = first[:, None] + np.arange(math.ceil(2 * support) + 2)
    weights = keys((taps - centre[:, None]) / stretch)
    if border == "renormalise":
        weights = np.where((taps >= 0) & (taps < length), weights, 0.0)
        where = taps.clip(0, length - 1)
    else:
        where = taps % (2 * length)
        where = np.where(where < length, where, 2 * length - 1 - where)
    weights /= weights.sum(axis=1, keepdims=True)
    matrix = np.zeros((new_length, length))
    np.add.at(matrix, (np.arange(new_length)[:, None], where), weights)
    return torch.from_numpy(matrix)


def keys(x: np.ndarray) -> np.ndarray:
    """The cubic convolution kernel (Keys 1981, Eq. 15): 1 at 0, 0 at other integers and from |x| = 2 on."""
    x = np.abs(x)
    near = ((A + 2) * x - (A + 3)) * x**2 + 1
    far = ((A * x - 5 * A) * x + 8 * A) * x - 4 * A
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))
