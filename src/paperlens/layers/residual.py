"""The residual block of EDSR, which TTSR, T2Net and MHCA share.

Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution", CVPR Workshops 2017, Fig. 2c.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class ResidualBlock(nn.Module):
    """x + residual_scale * conv(relu(conv(x))): no normalisation, nothing after the sum."""

    def __init__(self, dim: int, residual_scale: float = 1.0) -> None:
        super().__init__()
        self.residual_scale = residual_scale
        self.conv1 = nn.Conv2d(dim, dim, 3, padding=1)
        self.conv2 = nn.Conv2d(dim, dim, 3, padding=1)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        return features + self.residual_scale * self.conv2(F.relu(self.conv1(features)))
