"""Means over a window around every pixel, in a time that does not depend on the window.

Chu et al., "Improving Image Restoration by Revisiting Global Information Aggregation", ECCV 2022,
arXiv:2112.04491v4.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def local_mean(features: Float[Tensor, "b c h w"], height: int, width: int) -> Float[Tensor, "b c y x"]:
    """The mean of each whole window of height x width pixels: h - height + 1 by w - width + 1 of them.

    A side that the window exceeds counts as one window. Raises ValueError for a window without pixels.
    """
    if height < 1 or width < 1:
        raise ValueError(f"a window of {height} by {width} pixels holds none")
    return _running_mean(_running_mean(features, height, dim=2), width, dim=3)


def plain_local_mean(features: Float[Tensor, "b c h w"], height: int, width: int) -> Float[Tensor, "b c y x"]:
    """The same by average pooling, which is slower by the size of the window."""
    rows, columns = features.shape[2:]
    return F.avg_pool2d(features, (min(height, rows), min(width, columns)), stride=1)


def spread(means: Float[Tensor, "b c y x"], height: int, width: int) -> Float[Tensor, "b c h w"]:
    """One value for each pixel of a map: that of the window around it, near a border of the nearest whole one.

    Around the last pixels the window is one more pixel away than around the first where its side is even.
    """
    above, left = (height - means.shape[2]) // 2, (width - means.shape[3]) // 2
    below, right = height - means.shape[2] - above, width - means.shape[3] - left
    return F.pad(means, (left, right, above, below), mode="replicate")


def _running_mean(features: Tensor, size: int, dim: int) -> Tensor:
    length = features.shape[dim]
    if size >= length:
        return features.mean(dim, keepdim=True)
    total = features.cumsum(dim)
    first = total.narrow(dim, size - 1, 1)
    rest = total.narrow(dim, size, length - size) - total.narrow(dim, 0, length - size)
    return torch.cat([first, rest], dim=dim) / size
