"""Layer normalisation of a feature map: every pixel by itself, over its channels.

Ba et al., "Layer Normalization", arXiv:1607.06450. Fast on maps in channels-last memory, where a pixel's channels lie
together and the fused kernel reads them in one pass; right on every format.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class ChannelNorm(nn.Module):
    """w (x - mean) / sqrt(var + eps) + b, mean and (biased) variance over the channels of a pixel."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = nn.Parameter(torch.ones(dim)), nn.Parameter(torch.zeros(dim)), eps

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The shape stays; the result lies in channels-last memory."""
        pixels = rearrange(features, "b c h w -> b h w c")
        normed = F.layer_norm(pixels, self.weight.shape, self.weight, self.bias, self.eps)
        return rearrange(normed, "b h w c -> b c h w")


class BiasFreeNorm(nn.Module):
    """w x / sqrt(var + eps): no bias, and the mean stays (Restormer, for denoising)."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(dim)), eps

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The shape stays; the result lies in channels-last memory."""
        pixels = rearrange(features, "b c h w -> b h w c")
        centred = pixels - pixels.mean(dim=-1, keepdim=True)
        # torch's variance of a short axis is four times slower than this product.
        variance = rearrange(torch.linalg.vecdot(centred, centred), "b h w -> b h w 1") / pixels.shape[-1]
        return rearrange(pixels * torch.rsqrt(variance + self.eps) * self.weight, "b h w c -> b c h w")
