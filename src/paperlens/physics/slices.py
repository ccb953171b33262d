"""Resolution through the plane: what a slice of a 2D scan sees, and why it aliases while a 3D one rings.

2D: each slice is the volume averaged with the slice profile, then only every spacing-th plane is kept;
nothing limits the band, so detail above the new Nyquist frequency folds back. 3D: the slice axis is measured
in k-space and truncated; nothing folds, edges ring. Zhao et al., SMORE, IEEE TMI 40:805 (2021), Sec. II.
"""

import torch
from einops import einsum
from jaxtyping import Complex, Float
from torch import Tensor

from paperlens.physics.sampling import truncate_axis

PROFILES = ("box", "gaussian")


def slice_matrix(
    planes: int, spacing: float | int, thickness: float | int, profile: str = "gaussian"
) -> Float[Tensor, "m {planes}"]:
    """Row i holds the weights (sum 1, float64) with which slice i sees the planes of the volume.

    spacing: distance between slice centres in planes; thickness: full width at half maximum in planes. Slices
    fill the volume: centre i at (i + 1/2) spacing - 1/2, floor(planes/spacing) of them. thickness < spacing
    leaves gaps, more overlaps. ValueError for an unknown profile or lengths that are not positive.
    """
    if profile not in PROFILES:
        raise ValueError(f"profile {profile!r} is not one of {PROFILES}")
    if min(spacing, thickness) <= 0 or spacing > planes:
        raise ValueError(
            f"spacing {spacing} and thickness {thickness} must be positive, spacing at most {planes}"
        )
    centres = (torch.arange(int(planes // spacing), dtype=torch.float64) + 0.5) * spacing - 0.5
    distance = (torch.arange(planes, dtype=torch.float64) - centres[:, None]).abs()
    if profile == "box":  # the share of each plane, one plane thick, that lies inside the slice
        weights = (thickness / 2 + 0.5 - distance).clamp(0, min(1.0, thickness))
    else:
        weights = torch.exp(-4 * torch.log(torch.tensor(2.0)) * (distance / thickness) ** 2)
    return weights / weights.sum(1, keepdim=True)


def acquire_2d(
    volume: Float[Tensor, "*b z h w"], spacing: float | int, thickness: float | int, profile: str = "gaussian"
) -> Float[Tensor, "*b m h w"]:
    """A stack of 2D slices of the volume: averaged over the profile, then sampled, so it may alias."""
    weights = slice_matrix(volume.shape[-3], spacing, thickness, profile).to(volume)
    return einsum(weights, volume, "m z, ... z h w -> ... m h w")


def acquire_3d(volume: Float[Tensor, "*b z h w"], scale: int) -> Float[Tensor, "*b m h w"]:
    """The same axis truncated in k-space to planes // scale: band-limited, so it rings and does not alias."""
    return truncate_axis(volume, scale, dim=-3).abs()


def transfer(weights: Float[Tensor, "m z"]) -> Complex[Tensor, " f"]:
    """How much of each frequency, 0..1/2 cycles per plane, the middle slice passes; above 1/(2 spacing) it folds."""
    passed: Tensor = torch.fft.rfft(weights[len(weights) // 2])
    return passed
