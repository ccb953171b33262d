"""The one rounding of a picture to what a file holds."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor


def eight_bit(image: Float[Tensor, "..."]) -> UInt8[Tensor, "..."]:
    """Values in 0..1 to the nearest of 256 levels, 0..255; what lies outside is clipped, as saving a file does."""
    return (image.clamp(0, 1) * 255).round().to(torch.uint8)
