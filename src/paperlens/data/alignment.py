"""Do two contrasts of one person lie on each other? Measured, and put right.

`registration` says how the two grids differ and by how much the pictures are displaced on a middle plane: the
in-plane shift that maximises the correlation of their gradient magnitudes. Edges lie at the same place in
every contrast while their brightness does not, so plain correlation would not do. `onto` resamples one volume
at the voxels of the other, by the files' affines or, with `register=True`, by the rigid motion of
`paperlens.data.rigid` as well.
"""

from dataclasses import dataclass, replace

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from paperlens.data.rigid import Rigid, rigid
from paperlens.data.volumes import Volume

RADIUS_MM = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Two contrasts of one subject; `shift_mm` is the guide's displacement (rows, columns) on the target."""

    subject: str
    target: str
    guide: str
    same_grid: bool
    shift_mm: tuple[float, float]
    correlation: float  # of gradient magnitudes as they lie
    best: float  # the same at `shift_mm`
    rigid: Rigid | None = None  # where it was asked for: the motion that lays the guide on the target
    registered: float | None = None  # the correlation after that motion, nothing shifted

    @property
    def sentence(self) -> str:
        """What a user of the pair needs to know."""
        grids = "share one grid" if self.same_grid else "lie on different grids"
        down, right = self.shift_mm
        said = (
            f"{self.subject}: {self.guide} and {self.target} {grids}; on the middle plane {self.guide} lies "
            f"{down:+.1f} mm along rows and {right:+.1f} mm along columns from {self.target} "
            f"(correlation of edges {self.correlation:.2f}, moved there {self.best:.2f})."
        )
        if self.rigid is None:
            return said
        return (
            f"{said} Registered, {self.guide} is {self.rigid.sentence}: "
            f"correlation of edges {self.correlation:.2f} before, {self.registered:.2f} after."
        )


def registration(target: Volume, guide: Volume, *, register: bool = False) -> Registration:
    """Compare the grids of two contrasts, and the place of their edges after `onto`, where grids differ.

    register: also find the rigid motion between them (see `rigid`) and what it makes of the edges.
    """
    same = same_grid(target, guide)
    moved = guide if same else onto(guide, target)
    middle = len(target.voxels) // 2
    first, second = (_edges(v.voxels[middle]) for v in (target, moved))
    step = target.voxel_mm[1:]
    shift, before, best = _displacement(first, second, step)
    motion = rigid(guide, target) if register else None
    after = None
    if motion is not None:
        laid = resampled(guide, target, motion.matrix)
        after = float((first * _edges(laid.voxels[middle])).sum())
    return Registration(
        subject=target.subject,
        target=target.contrast,
        guide=guide.contrast,
        same_grid=same,
        shift_mm=(shift[0] * step[0], shift[1] * step[1]),
        correlation=before,
        best=best,
        rigid=motion,
        registered=after,
    )


def same_grid(first: Volume, second: Volume) -> bool:
    """Same shape, and affines that agree to a micrometre."""
    return first.voxels.shape == second.voxels.shape and torch.allclose(
        first.affine, second.affine, atol=1e-3
    )


def onto(volume: Volume, target: Volume, *, register: bool = False) -> Volume:
    """The volume at the voxels of `target`, trilinear; 0 outside what was scanned.

    By the affines alone, which know where the scanner put each scan and not how the person moved in between; with
    `register`, moved by the rigid motion between the two as well, which is found once and kept in the cache.
    """
    motion = rigid(volume, target).matrix if register else torch.eye(4, dtype=torch.float64)
    return resampled(volume, target, motion)


def resampled(volume: Volume, target: Volume, motion: Float[Tensor, "4 4"]) -> Volume:
    """The volume at the voxels of `target`, where `motion` takes mm of the target to mm of the volume."""
    z, h, w = target.voxels.shape
    to_source = (
        torch.linalg.inv(volume.affine) @ motion @ target.affine
    )  # voxel (column, row, plane, 1) to voxel
    rows, columns = torch.meshgrid(torch.arange(h).double(), torch.arange(w).double(), indexing="ij")
    size = torch.tensor(volume.voxels.shape[::-1], dtype=torch.float64)
    source = rearrange(volume.voxels, "z h w -> 1 1 z h w")
    planes = []
    for plane in range(z):  # plane by plane: the positions of a whole volume would need its memory sixfold
        points = torch.stack([columns, rows, torch.full_like(rows, plane), torch.ones_like(rows)], dim=-1)
        place = (points @ to_source.T)[..., :3]
        grid = rearrange((2 * place + 1) / size - 1, "h w c -> 1 1 h w c").to(source.dtype)
        planes.append(F.grid_sample(source, grid, align_corners=False)[0, 0, 0])
    return replace(volume, voxels=torch.stack(planes), affine=target.affine)


def _edges(image: Float[Tensor, "h w"]) -> Float[Tensor, "h w"]:
    down, right = torch.gradient(image.double())
    edges = torch.sqrt(down**2 + right**2)
    edges = edges - edges.mean()
    window = torch.outer(*(torch.hann_window(n + 2, periodic=False).double()[1:-1] for n in edges.shape))
    edges = edges * window  # the picture's border is no edge of the head
    energy: Float[Tensor, ""] = edges.norm().clamp_min(1e-12)
    unit: Float[Tensor, "h w"] = edges / energy
    return unit


def _displacement(
    target: Float[Tensor, "h w"], guide: Float[Tensor, "h w"], step: tuple[float, float]
) -> tuple[tuple[float, float], float, float]:
    h, w = target.shape
    size = (2 * h, 2 * w)  # so that what leaves on one side does not come back on the other
    product = torch.fft.rfft2(guide, s=size) * torch.fft.rfft2(target, s=size).conj()
    scores = torch.fft.fftshift(torch.fft.irfft2(product, s=size))
    reach = [max(1, min(n // 2 - 1, round(RADIUS_MM / mm))) for n, mm in zip((h, w), step, strict=True)]
    near = scores[h - reach[0] : h + reach[0] + 1, w - reach[1] : w + reach[1] + 1]
    flat = int(near.argmax())
    row, column = flat // near.shape[1], flat % near.shape[1]
    shift = (
        row - reach[0] + _peak(near[:, column], row),
        column - reach[1] + _peak(near[row], column),
    )
    return shift, float(near[reach[0], reach[1]]), float(near[row, column])


def _peak(scores: Float[Tensor, " n"], top: int) -> float:
    """Where the parabola through the top and its neighbours peaks, -0.5..0.5 from `top`."""
    if not 0 < top < len(scores) - 1:
        return 0.0
    left, middle, right = (float(v) for v in scores[top - 1 : top + 2])
    bend = left - 2 * middle + right
    return 0.5 * (left - right) / bend if bend < 0 else 0.0
