"""Bicubic resizing as a pair of small matrices: exact, differentiable, and explicit about kernel and border.

Keys, "Cubic convolution interpolation for digital image processing", IEEE ASSP 1981, with a = -0.5 (Eq. 15). The same
kernel gives three different pictures under three conventions; each is named here:

antialias    when shrinking, the kernel is stretched by the factor, so that it averages what the new grid cannot hold
border       "renormalise" drops the taps outside and rescales the rest to sum to one (Pillow)
             "symmetric"   mirrors the picture at its edge, the edge pixel twice (MATLAB's imresize)
"""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Border = Literal["renormalise", "symmetric"]


def bicubic(
    image: Float[Tensor, "b c h w"],
    scale: float | None = None,
    *,
    size: tuple[int, int] | None = None,
    antialias: bool = True,
    border: Border = "renormalise",
) -> Float[Tensor, "b c H W"]:
    """The image resized by a factor or to a size, in its own dtype and range; values may overshoot the range.

    Args:
        scale: new side / old side; sides are rounded up, as MATLAB does. Give this or `size`, not both.
        size: new (height, width).
        antialias: stretch the kernel when shrinking.
        border: "renormalise" equals Pillow's BICUBIC (of mode F) to 1e-6; "symmetric" is MATLAB's
            definition. With a factor that does not divide the side they also place the grid differently:
            Pillow stretches the picture to the rounded size, MATLAB keeps the factor.

    Raises ValueError for a factor or size that is not positive, and for both or neither of them.
    """
    height, width = image.shape[-2:]
    if (scale is None) == (size is None):
        raise ValueError(f"give either scale or size, found scale {scale} and size {size}")
    if size is None:
        assert scale is not None
        if not (math.isfinite(scale) and scale > 0):
            raise ValueError(f"scale must be positive, found {scale}")
        # 1/3 of 9 is 3, not the 4 that rounding up 3.0000000000000004 would give.
        size = (math.ceil(round(height * scale, 9)), math.ceil(round(width * scale, 9)))
    if min(size) < 1:
        raise ValueError(f"the new size must be at least 1 x 1, found {size[0]} x {size[1]}")
    factors = tuple(
        scale if scale is not None and border == "symmetric" else new / old
        for new, old in zip(size, (height, width), strict=True)
    )
    down, across = (
        weights(old, new, factor, antialias=antialias, border=border).to(image)
        for old, new, factor in zip((height, width), size, factors, strict=True)
    )
    return down @ (image @ across.mT)


def weights(
    old: int, new: int, factor: float, *, antialias: bool = True, border: Border = "renormalise"
) -> Float[Tensor, "new old"]:
    """The matrix that resizes one axis, float64: row i holds the taps of output i, and sums to one."""
    if border not in ("renormalise", "symmetric"):
        raise ValueError(f"border must be 'renormalise' or 'symmetric', found {border!r}")
    stretch = max(1.0, 1 / factor) if antialias else 1.0
    centre = (torch.arange(new, dtype=torch.float64) + 0.5) / factor - 0.5  # in input pixels, pixel 0 at 0
    first = torch.floor(centre - 2 * stretch).long()
    taps = first[:, None] + torch.arange(math.ceil(4 * stretch) + 2)
    value = keys((centre[:, None] - taps) / stretch)
    if border == "renormalise":
        value = torch.where((taps >= 0) & (taps < old), value, 0.0)
        place = taps.clamp(0, old - 1)
    else:
        place = taps.remainder(2 * old)  # ... 1 0 | 0 1 2 ... old-1 | old-1 ...
        place = torch.where(place < old, place, 2 * old - 1 - place)
    value = value / value.sum(1, keepdim=True)
    return torch.zeros(new, old, dtype=torch.float64).scatter_add_(1, place, value)


def keys(distance: Float[Tensor, "*axes"]) -> Float[Tensor, "*axes"]:
    """Keys' cubic kernel with a = -0.5 at a distance in samples (Eq. 15)."""
    x = distance.abs()
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return torch.where(x <= 1, near, torch.where(x < 2, far, 0.0))
