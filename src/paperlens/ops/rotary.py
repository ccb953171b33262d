"""Rotary positions: pairs of channels turned by angles that grow with the position.

Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", arXiv:2104.09864, Sec. 3.2.
"""

import torch
from einops import rearrange
from jaxtyping import Complex, Float
from torch import Tensor


def rotations(
    position: Float[Tensor, "n axes"], dim: int, base: float = 10000.0
) -> Complex[Tensor, "n pairs"]:
    """exp(i position base^(-2 j axes / dim)) for every pair of channels, in single precision.

    The axes take turns: pair 0 turns with the first axis, pair 1 with the second, and so on. ValueError unless
    2 axes divide dim.
    """
    axes = position.shape[1]
    if dim % (2 * axes):
        raise ValueError(f"{2 * axes} does not divide dim {dim} of a head")
    rate = 1.0 / base ** (torch.arange(0, dim, 2 * axes, device=position.device).float() / dim)
    angle = rearrange(position.float(), "n axes -> n 1 axes") * rearrange(rate, "j -> j 1")
    angle = rearrange(angle, "n j axes -> n (j axes)")
    return torch.polar(torch.ones_like(angle), angle)


def rotate(x: Float[Tensor, "b heads n d"], by: Complex[Tensor, "n pairs"]) -> Float[Tensor, "b heads n d"]:
    """Neighbouring channels 2j, 2j + 1 as one complex number, turned; in single precision, as published."""
    pairs = torch.view_as_complex(rearrange(x.float(), "b h n (j two) -> b h n j two", two=2).contiguous())
    return rearrange(torch.view_as_real(pairs * by), "b h n j two -> b h n (j two)").type_as(x)


def grid_positions(height: int, width: int, first: int = 0) -> Float[Tensor, "n xy"]:
    """Column and row of every place of a grid, row by row, from place number `first` on.

    -1 is the place before the first: column width - 1 of row -1.
    """
    place = torch.arange(first, height * width)
    row = torch.div(place, width, rounding_mode="floor")
    return torch.stack([place - row * width, row], dim=1).float()
