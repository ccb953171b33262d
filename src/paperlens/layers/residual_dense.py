"""The features of RDN, which Meta-SR and Dual-ArbNet begin with.

Zhang et al., "Residual Dense Network for Image Super-Resolution", CVPR 2018, arXiv:1802.08797, Fig. 2 without its
upsampling: every layer of a block sees all before it, every block is fused, and all blocks are fused once more.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class ResidualDenseFeatures(nn.Module):
    """Two shallow convolutions, residual dense blocks, global fusion and the long skip."""

    def __init__(self, in_channels: int, dim: int, blocks: int, layers: int) -> None:
        super().__init__()
        self.shallow1 = nn.Conv2d(in_channels, dim, 3, padding=1)
        self.shallow2 = nn.Conv2d(dim, dim, 3, padding=1)
        self.blocks = nn.ModuleList(ResidualDenseBlock(dim, layers) for _ in range(blocks))
        self.fuse = nn.Sequential(nn.Conv2d(blocks * dim, dim, 1), nn.Conv2d(dim, dim, 3, padding=1))

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """Features of the image's size."""
        shallow = self.shallow1(image)
        features, outputs = self.shallow2(shallow), []
        for block in self.blocks:
            features = block(features)
            outputs.append(features)
        return shallow + self.fuse(torch.cat(outputs, dim=1))


class ResidualDenseBlock(nn.Module):
    """Dense layers of `dim` new channels each, fused by a 1x1 convolution, and a skip (Fig. 3)."""

    def __init__(self, dim: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(dim * (i + 1), dim, 3, padding=1) for i in range(layers))
        self.fuse = nn.Conv2d(dim * (layers + 1), dim, 1)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        dense = features
        for layer in self.layers:
            dense = torch.cat([dense, F.relu(layer(dense))], dim=1)
        return features + self.fuse(dense)
