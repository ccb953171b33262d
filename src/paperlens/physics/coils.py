"""Receive coils: simulated sensitivities, and combination without knowing them.

Adaptive combination: Walsh, Gmitro and Marcellin, MRM 43:682-690 (2000): in each neighbourhood the coil
vector that explains most of the signal is the first eigenvector of the local coil covariance. Sum of squares
is `ops.coils.root_sum_of_squares`.
"""

import torch
from einops import rearrange
from jaxtyping import Complex, Float
from torch import Tensor
from torch.nn import functional as F

from paperlens.ops.coils import expand, reduce, root_sum_of_squares

__all__ = ["adaptive_combination", "adaptive_maps", "coil_maps", "expand", "reduce", "root_sum_of_squares"]


def coil_maps(
    coils: int, height: int, width: int, generator: torch.Generator | None = None, radius: float = 0.7
) -> Complex[Tensor, "q h w"]:
    """Smooth sensitivities of loops on a ring around the field of view, unit energy per pixel, complex64.

    The magnitude falls as the on-axis field of a loop, (1 + (d/radius)^2)^(-3/2), with d the distance to the
    coil in half fields of view; the phase turns by a third of a half-turn across the field, along the coil's
    axis. The generator jitters angles, distances and phases; None keeps them regular. ValueError where coils
    < 1.
    """
    if coils < 1:
        raise ValueError(f"coils is {coils}; at least 1 is needed")
    jitter = (
        torch.rand(3, coils, generator=generator) - 0.5 if generator is not None else torch.zeros(3, coils)
    )
    angle = rearrange(2 * torch.pi * (torch.arange(coils) + 0.5 * jitter[0]) / coils, "q -> q 1 1")
    # 1.4 at least: outside the corners, for at d = 0 the coil has no side.
    distance = rearrange(1.5 + 0.2 * jitter[1], "q -> q 1 1")
    y, x = torch.linspace(-1, 1, height)[:, None], torch.linspace(-1, 1, width)[None, :]
    squared = (x - distance * torch.cos(angle)) ** 2 + (y - distance * torch.sin(angle)) ** 2
    magnitude = (1 + squared / radius**2) ** -1.5
    along = x * torch.cos(angle) + y * torch.sin(angle)
    maps = torch.polar(magnitude, torch.pi / 3 * along + rearrange(2 * torch.pi * jitter[2], "q -> q 1 1"))
    return maps / root_sum_of_squares(maps)


def adaptive_maps(
    coil_images: Complex[Tensor, "*b q h w"], window: int = 7, iterations: int = 12
) -> Complex[Tensor, "*b q h w"]:
    """Coil maps of unit energy estimated from the images: power iteration on the locally averaged covariance.

    window: odd side of the neighbourhood in pixels. The phase is that of the strongest coil's being real, so
    the combined image keeps that coil's phase. ValueError where the window is even.
    """
    if window % 2 == 0:
        raise ValueError(f"window is {window}; an odd side is needed so that the neighbourhood has a centre")
    covariance = torch.einsum("...ihw,...jhw->...ijhw", coil_images, coil_images.conj())
    flat = covariance.reshape(-1, 1, *covariance.shape[-2:])
    local = torch.complex(*(_box(part, window) for part in (flat.real, flat.imag))).reshape(covariance.shape)
    energy = coil_images.abs().square().sum((-1, -2))
    strongest = int(energy.reshape(-1, energy.shape[-1]).sum(0).argmax())  # one reference for the whole batch
    vector = local[..., :, strongest, :, :]  # one step of the iteration from the strongest coil alone
    for _ in range(iterations):
        vector = vector / root_sum_of_squares(vector).clamp_min(1e-30).unsqueeze(-3)
        vector = torch.einsum("...ijhw,...jhw->...ihw", local, vector)
    vector = vector / root_sum_of_squares(vector).clamp_min(1e-30).unsqueeze(-3)
    reference = vector[..., strongest : strongest + 1, :, :]
    return vector * torch.exp(-1j * reference.angle())


def adaptive_combination(
    coil_images: Complex[Tensor, "*b q h w"], window: int = 7
) -> Complex[Tensor, "*b h w"]:
    """One complex image from q, projected on `adaptive_maps`: quieter than the root sum of squares."""
    return reduce(coil_images, adaptive_maps(coil_images, window))


def _box(image: Float[Tensor, "n 1 h w"], window: int) -> Float[Tensor, "n 1 h w"]:
    return F.avg_pool2d(image, window, stride=1, padding=window // 2, count_include_pad=False)
