"""1x1 convolution: one linear map for every pixel, in the form that is fastest where it runs."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def pointwise(
    features: Float[Tensor, "b c h w"], weight: Float[Tensor, "d c 1 1"], bias: Float[Tensor, " d"] | None
) -> Float[Tensor, "b d h w"]:
    """The map of every pixel's channels; quickest on maps in channels-last memory, which the result then keeps."""
    if features.device.type == "cpu" and features.dtype == torch.float32 and features.shape[2:] != (1, 1):
        # A kernel of one pixel has nothing to dilate, but a dilated convolution goes to oneDNN on one thread too,
        # where torch would pack the input anew and multiply thin matrices at half the speed.
        return F.conv2d(features, weight, bias, dilation=2)
    pixels = rearrange(features, "b c h w -> b h w c")
    return rearrange(F.linear(pixels, rearrange(weight, "d c 1 1 -> d c"), bias), "b h w d -> b d h w")


def plain_pointwise(
    features: Float[Tensor, "b c h w"], weight: Float[Tensor, "d c 1 1"], bias: Float[Tensor, " d"] | None
) -> Float[Tensor, "b d h w"]:
    """The same, as torch writes it."""
    return F.conv2d(features, weight, bias)
