"""Heat maps of joints: where their peaks are, finer than a pixel of the map.

Zhang et al., "Distribution-Aware Coordinate Representation for Human Pose Estimation", CVPR 2020, arXiv:1910.06278
(a Taylor step on the logarithm of the smoothed map), on the pixel grid of Huang et al., "The Devil Is in the
Details: Delving into Unbiased Data Processing", CVPR 2020, arXiv:1911.07524 (sides are counted between the centres
of the outermost pixels).
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

KERNEL = 11  # pixels of the Gaussian that smooths a map, as ViTPose is evaluated
SIGMA = 2.0  # of this Gaussian
FLOOR = 1e-3  # least value of a smoothed map: below, a logarithm would follow noise


def peaks(
    heatmaps: Float[Tensor, "b k h w"], height: int, width: int
) -> tuple[Float[Tensor, "b k xy"], Float[Tensor, "b k"]]:
    """Each joint's column and row in an image of `height` by `width` pixels, and the value of its map there.

    A map that is nowhere above zero has its joint at its largest value. Raises ValueError for maps below 3 by 3.
    """
    h, w = heatmaps.shape[-2:]
    if min(h, w) < 3:
        raise ValueError(f"heat maps of {h} by {w} pixels; a peak is read from 3 by 3 or more")
    value, place = rearrange(heatmaps, "b k h w -> b k (h w)").max(dim=-1)
    row, column = torch.div(place, w, rounding_mode="floor"), place % w
    # The step needs a neighbour on every side.
    y, x = row.clamp(1, h - 2), column.clamp(1, w - 2)
    logs = _smoothed(heatmaps).clamp(min=FLOOR).log()

    def at(dy: int, dx: int) -> Float[Tensor, "b k"]:
        flat = rearrange(logs, "b k h w -> b k (h w)")
        index = rearrange((y + dy) * w + x + dx, "b k -> b k 1")
        return rearrange(flat.gather(-1, index), "b k 1 -> b k")

    dx, dy = (at(0, 1) - at(0, -1)) / 2, (at(1, 0) - at(-1, 0)) / 2
    dxx, dyy = at(0, 1) + at(0, -1) - 2 * at(0, 0), at(1, 0) + at(-1, 0) - 2 * at(0, 0)
    dxy = (at(1, 1) + at(-1, -1) - at(1, -1) - at(-1, 1)) / 4
    determinant = dxx * dyy - dxy**2
    peaked = (determinant > 0) & (dxx < 0) & (x == column) & (y == row)
    safe = torch.where(peaked, determinant, torch.ones_like(determinant))
    step = torch.stack([dxy * dy - dyy * dx, dxy * dx - dxx * dy], dim=-1) / rearrange(safe, "b k -> b k 1")
    step = torch.where(rearrange(peaked, "b k -> b k 1"), step.clamp(-1, 1), torch.zeros_like(step))
    points = torch.stack([column, row], dim=-1).to(step.dtype) + step
    size = points.new_tensor([(width - 1) / (w - 1), (height - 1) / (h - 1)])
    return points * size, value


def _smoothed(heatmaps: Float[Tensor, "b k h w"]) -> Float[Tensor, "b k h w"]:
    """The maps under the Gaussian, the border repeated."""
    reach = KERNEL // 2
    offset = torch.arange(-reach, reach + 1, dtype=heatmaps.dtype, device=heatmaps.device)
    gauss = (-(offset**2) / (2 * SIGMA**2)).exp()
    gauss = gauss / gauss.sum()
    maps = rearrange(heatmaps, "b k h w -> (b k) 1 h w")
    maps = F.pad(maps, (reach, reach, reach, reach), mode="replicate")
    maps = F.conv2d(maps, rearrange(gauss, "n -> 1 1 n 1"))
    maps = F.conv2d(maps, rearrange(gauss, "n -> 1 1 1 n"))
    return rearrange(maps, "(b k) 1 h w -> b k h w", b=len(heatmaps))
