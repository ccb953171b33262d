"""Structural similarity (SSIM).

Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
Similarity", IEEE TIP 2004.

Symbols (paper -> code)
    mu_x, mu_y          local means        mean_x, mean_y
    sigma_x^2, sigma_xy local (co)variance var_x, covariance
    L                   data range         data_range
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor

from paperlens.metrics.shapes import same_shape

Window = Literal["gaussian", "uniform"]
K1, K2 = 0.01, 0.03
SIZES = {"gaussian": 11, "uniform": 7}
SIGMA = 1.5


def ssim(
    prediction: Float[Tensor, "b c h w"],
    target: Float[Tensor, "b c h w"],
    data_range: float | int,
    window: Window = "gaussian",
) -> Float[Tensor, ""]:
    """Structural similarity, the mean over valid window positions, channels and images; 1 for equal images.

    Args:
        prediction: any range.
        target: the truth.
        data_range: the distance between the smallest and the largest possible pixel, in the pixels' unit.
        window: "gaussian", 11 x 11 with sigma 1.5 and biased variances (the paper); or "uniform", 7 x 7 with
            unbiased variances (scikit-image's default, used by fastMRI).

    Raises:
        ValueError: the shapes differ, the range is not positive, or the window does not fit into the image.
    """
    return ssim_each(prediction, target, data_range, window).mean()


def ssim_each(
    prediction: Float[Tensor, "b c h w"],
    target: Float[Tensor, "b c h w"],
    data_range: float | int | Float[Tensor, " b"],
    window: Window = "gaussian",
) -> Float[Tensor, " b"]:
    """As `ssim`, one value for each image; the range may differ from image to image."""
    return reduce(ssim_map(prediction, target, data_range, window), "b c h w -> b", "mean")


def ssim_map(
    prediction: Float[Tensor, "b c h w"],
    target: Float[Tensor, "b c h w"],
    data_range: float | int | Float[Tensor, " b"],
    window: Window = "gaussian",
) -> Float[Tensor, "b c h_valid w_valid"]:
    """SSIM at every position where the whole window lies inside the image (Eq. 13)."""
    same_shape(prediction, target)
    size = SIZES[window]
    if min(prediction.shape[-2:]) < size:
        raise ValueError(f"the window of {size} x {size} does not fit into {tuple(prediction.shape[-2:])}")
    peak = target.new_tensor(data_range) if isinstance(data_range, int | float) else data_range
    if not bool((peak > 0).all()):
        raise ValueError(f"data_range must be positive, got {data_range}")
    # In units of the range and around 0, where E[x^2] - E[x]^2 loses the fewest digits.
    scale = rearrange(peak.expand(len(target)), "b -> b 1 1 1")
    x, y = prediction / scale, target / scale
    centre = reduce(y.detach(), "b c h w -> b c 1 1", "mean")
    moved = torch.stack([x - centre, y - centre])
    moments = torch.cat([moved, moved.square(), moved.prod(dim=0, keepdim=True)])
    mean_x, mean_y, square_x, square_y, product = _local_mean(moments, window)
    unbiased = 1.0 if window == "gaussian" else size**2 / (size**2 - 1)
    var_x = unbiased * (square_x - mean_x**2)
    var_y = unbiased * (square_y - mean_y**2)
    covariance = unbiased * (product - mean_x * mean_y)
    mean_x, mean_y = mean_x + centre, mean_y + centre
    luminance: Tensor = (2 * mean_x * mean_y + K1**2) / (mean_x**2 + mean_y**2 + K1**2)
    structure: Tensor = (2 * covariance + K2**2) / (var_x + var_y + K2**2)
    return structure * luminance


def _local_mean(maps: Float[Tensor, "n b c h w"], window: Window) -> Float[Tensor, "n b c h_valid w_valid"]:
    """The weighted mean under the window, rows first and columns after: both windows are separable."""
    size = SIZES[window]
    offset = torch.arange(size, dtype=maps.dtype, device=maps.device) - size // 2
    row = torch.exp(-(offset**2) / (2 * SIGMA**2)) if window == "gaussian" else torch.ones_like(offset)
    row = row / row.sum()
    flat = rearrange(maps, "n b c h w -> (n b c) 1 h w")
    flat = F.conv2d(F.conv2d(flat, rearrange(row, "k -> 1 1 k 1")), rearrange(row, "k -> 1 1 1 k"))
    return rearrange(flat, "(n b c) 1 h w -> n b c h w", n=len(maps), b=maps.shape[1])
