"""RCAN's residual group: residual blocks with channel attention, and a skip over all.

Zhang et al., "Image Super-Resolution Using Very Deep Residual Channel Attention Networks", ECCV 2018, arXiv:1807.02758,
Sec. 3.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.channel_attention import ChannelAttention


class ResidualGroup(nn.Module):
    """Residual blocks with channel attention, a convolution, and a skip over all (RCAN's group)."""

    def __init__(self, dim: int, depth: int, reduction: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(AttentiveBlock(dim, reduction) for _ in range(depth)), nn.Conv2d(dim, dim, 3, padding=1)
        )

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        return features + self.blocks(features)


class AttentiveBlock(nn.Module):
    """EDSR's residual block with channel attention in place of its scale."""

    def __init__(self, dim: int, reduction: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(dim, dim, 3, padding=1), nn.Conv2d(dim, dim, 3, padding=1)
        self.attention = ChannelAttention(dim, dim // reduction)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        return features + self.attention(self.conv2(F.relu(self.conv1(features))))
