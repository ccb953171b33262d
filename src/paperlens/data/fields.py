"""Smooth random fields: noise on a coarse grid, carried to the voxels by cubic B-splines.

The grid covers the whole template whatever part is asked for, so one slice alone equals the same slice of a
volume.
"""

from collections.abc import Sequence
from functools import cache

import torch
from einops import einsum
from jaxtyping import Float
from torch import Tensor

EXTENT = (189.0, 233.0, 197.0)  # template size in mm: planes, rows, columns
# Variance that the spline leaves of unit noise, mean along one axis: the integral of its square.
KEPT = 151 / 315


@cache
def _basis(
    positions: tuple[float, ...], spacing: float, extent: float, derivative: bool
) -> Float[Tensor, "n knots"]:
    """Cubic B-splines (or their slopes per mm) at positions in mm; the knots reach beyond both ends."""
    knots = (torch.arange(int(extent / spacing) + 5, dtype=torch.float64) - 1.5) * spacing
    x = (torch.tensor(positions, dtype=torch.float64)[:, None] - knots) / spacing
    a = x.abs()
    inner, outer = a < 1, (a >= 1) & (a < 2)
    if derivative:
        slope = torch.where(inner, 1.5 * a**2 - 2 * a, torch.where(outer, -0.5 * (2 - a) ** 2, 0.0))
        return (slope * x.sign() / spacing).float()
    return torch.where(inner, 2 / 3 - a**2 + a**3 / 2, torch.where(outer, (2 - a) ** 3 / 6, 0.0)).float()


class Lattice:
    """The voxels of a slab: positions (mm in the template box) of its planes, rows and columns."""

    def __init__(
        self, planes: Sequence[float | int], rows: Sequence[float], columns: Sequence[float]
    ) -> None:
        self.axes = tuple(tuple(float(v) for v in axis) for axis in (planes, rows, columns))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Planes, rows, columns."""
        z, h, w = (len(axis) for axis in self.axes)
        return z, h, w

    def positions(self) -> Float[Tensor, "3 z h w"]:
        """Millimetres from the template's first voxel, in the order plane, row, column."""
        return torch.stack(torch.meshgrid(*(torch.tensor(axis) for axis in self.axes), indexing="ij"))

    def field(
        self, generator: torch.Generator, spacing: float, count: int = 1, slopes: bool = False
    ) -> Float[Tensor, "f z h w"]:
        """`count` independent fields of about unit variance whose detail is about `spacing` mm wide.

        slopes: also return each field's three derivatives per mm, stacked after the fields (4 count in all).
        """
        bases = [_basis(axis, spacing, extent, False) for axis, extent in zip(self.axes, EXTENT, strict=True)]
        knots = [basis.shape[1] for basis in bases]
        noise = torch.randn(count, *knots, generator=generator) / KEPT**1.5
        results = [_carry(noise, *bases)]
        if slopes:
            for d in range(3):
                axis, extent = self.axes[d], EXTENT[d]
                turned = [
                    _basis(axis, spacing, extent, True) if i == d else basis for i, basis in enumerate(bases)
                ]
                results.append(_carry(noise, *turned))
        return torch.cat(results)


def _carry(
    noise: Float[Tensor, "f a b c"],
    planes: Float[Tensor, "z a"],
    rows: Float[Tensor, "h b"],
    columns: Float[Tensor, "w c"],
) -> Float[Tensor, "f z h w"]:
    # Planes first: a single slice then costs almost nothing.
    slab = einsum(noise, planes, "f a b c, z a -> f z b c")
    slab = einsum(slab, rows, "f z b c, h b -> f z h c")
    return einsum(slab, columns, "f z h c, w c -> f z h w")
