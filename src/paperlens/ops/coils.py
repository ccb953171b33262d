"""One image seen by q receive coils, and q images brought back to one.

Roemer et al., "The NMR phased array", MRM 16:192-225 (1990). Symbols: S coil maps, x image, y coil images.
"""

import torch
from jaxtyping import Complex, Float, Inexact
from torch import Tensor


def expand(
    image: Inexact[Tensor, "*b h w"], coil_maps: Complex[Tensor, "*#b q h w"]
) -> Complex[Tensor, "*b q h w"]:
    """What each coil sees: y = S x."""
    return image.unsqueeze(-3) * coil_maps


def reduce(
    coil_images: Complex[Tensor, "*b q h w"], coil_maps: Complex[Tensor, "*#b q h w"]
) -> Complex[Tensor, "*b h w"]:
    """The adjoint of `expand`: sum over coils of conj(S) y; the image again where the maps have unit energy."""
    return (coil_maps.conj() * coil_images).sum(-3)


def root_sum_of_squares(coils: Inexact[Tensor, "*b q h w"]) -> Float[Tensor, "*b h w"]:
    """Magnitude without coil maps: the root of the sum over coils of |y|^2, real, of matching precision."""
    energy = coils.real.square() + coils.imag.square() if coils.is_complex() else coils.square()
    return torch.sqrt(energy.sum(-3))
