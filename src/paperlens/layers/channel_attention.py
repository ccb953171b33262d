"""Channel attention: what a whole map says about a channel scales that channel.

Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018, arXiv:1709.01507, Sec. 3.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.pointwise import Pointwise
from paperlens.layers.pool import GlobalMean


class ChannelAttention(nn.Module):
    """x * sigmoid(W2 relu(W1 mean(x))) with a narrow middle of `hidden_dim` channels."""

    def __init__(self, dim: int, hidden_dim: int, *, bias: bool = True) -> None:
        super().__init__()
        if hidden_dim < 1:
            raise ValueError(f"hidden_dim {hidden_dim} must be at least 1, dim is {dim}")
        self.pool = GlobalMean()
        self.squeeze = Pointwise(dim, hidden_dim, bias=bias)
        self.excite = Pointwise(hidden_dim, dim, bias=bias)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(self.pool(features)))))
        return features * self.pool.spread(gate, features)


class SimplifiedChannelAttention(nn.Module):
    """SCA: W mean(x), what each channel is multiplied by; no gate, no narrow middle.

    Chen et al., "Simple Baselines for Image Restoration", ECCV 2022, arXiv:2204.04676, Sec. 4.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.pool = GlobalMean()
        self.conv = Pointwise(dim, dim)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d i j"]:
        """One value a channel, or one a channel and pixel where tlc.py measures local means: multiply with it."""
        return self.conv(self.pool.spread(self.pool(features), features))
