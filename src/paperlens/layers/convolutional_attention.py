"""Multi-head convolutional attention: a gate for every value, from its channels and its neighbourhood.

Georgescu et al., "Multimodal Multi-Head Convolutional Attention with Various Kernel Sizes for Medical Image
Super-Resolution", WACV 2023, arXiv:2204.04218v3, Sec. 3.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

KERNELS = (1, 3, 5)


class ConvolutionalAttention(nn.Module):
    """x * sigmoid(sum of heads); a head of kernel k shrinks the map by k - 1 and transposes back."""

    def __init__(self, dim: int, num_heads: int, ratio: float) -> None:
        super().__init__()
        if not 1 <= num_heads <= len(KERNELS):
            raise ValueError(f"num_heads {num_heads} must lie in 1 .. {len(KERNELS)}")
        self.num_heads = num_heads
        hidden = int(dim / ratio)
        self.shrink = nn.ModuleList(nn.Conv2d(dim, hidden, k) for k in KERNELS)
        self.grow = nn.ModuleList(
            nn.Conv2d(hidden, dim, 1) if k == 1 else nn.ConvTranspose2d(hidden, dim, k) for k in KERNELS
        )

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The features, each value weighted by 0..1."""
        heads = list(zip(self.shrink, self.grow, strict=True))[: self.num_heads]
        scores = torch.stack([grow(F.relu(shrink(features))) for shrink, grow in heads]).sum(0)
        return features * scores.sigmoid()
