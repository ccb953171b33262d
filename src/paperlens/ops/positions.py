"""Fixed position codes.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762, Sec. 3.5.
"""

import math

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor


def sinusoids(length: int, dim: int) -> Float[Tensor, "n d"]:
    """PE[p, 2i] = sin(p / 10000^(2i/d)) and PE[p, 2i+1] = cos of the same, float32.

    Raises ValueError for an odd dim.
    """
    if dim % 2:
        raise ValueError(f"dim {dim} must be even: sines and cosines come in pairs, such as {dim + 1}")
    rate = torch.exp(torch.arange(0, dim, 2) * (-math.log(10000.0) / dim))
    angle = torch.arange(length)[:, None] * rate
    return rearrange([torch.sin(angle), torch.cos(angle)], "two n i -> n (i two)")


def cell_centres(height: int, width: int) -> Float[Tensor, "h w 2"]:
    """Centres of height x width equal cells of the square -1..1, y first: -1 + 1/n, -1 + 3/n, ... 1 - 1/n; float32.

    Chen et al., "Learning Continuous Image Representation with Local Implicit Image Function", CVPR 2021,
    arXiv:2012.09161.
    """
    y, x = (-1 + 1 / n + (2 / n) * torch.arange(n).float() for n in (height, width))
    return torch.stack(torch.meshgrid(y, x, indexing="ij"), dim=-1)


def sinusoids_2d(height: int, width: int, dim: int) -> Float[Tensor, "n d"]:
    """For each place of a grid, row by row: sines, cosines of its column (dim / 4 each), then of its row; float32.

    He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022, arXiv:2111.06377, as in its code: the
    column comes first, and sines and cosines are not interleaved. Raises ValueError unless 4 divides dim.
    """
    if dim % 4:
        raise ValueError(f"4 does not divide dim {dim}")
    rate = 10000.0 ** -(torch.arange(dim // 4, dtype=torch.float64) / (dim // 4))
    row, column = torch.meshgrid(
        torch.arange(height, dtype=torch.float64), torch.arange(width, dtype=torch.float64), indexing="ij"
    )
    codes = [f(rearrange(x, "h w -> (h w) 1") * rate) for x in (column, row) for f in (torch.sin, torch.cos)]
    return torch.cat(codes, dim=1).float()
