"""The stages of MPRNet: two U-Nets on patches, a network at full resolution, and what they are made of.

Zamir et al., "Multi-Stage Progressive Image Restoration", CVPR 2021, arXiv:2102.02808v2, Sec. 3.
The model is in mprnet.py.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.channel_attention import ChannelAttention
from paperlens.layers.pointwise import Pointwise  # nn.Conv2d with kernel 1, faster

Levels = Sequence[Tensor]  # features at full, half and quarter size


class CAB(nn.Module):
    """x + CA(conv(prelu(conv(x)))) (Fig. 3b)."""

    def __init__(self, dim: int, reduction: int, slope: nn.PReLU) -> None:
        super().__init__()
        self.conv1, self.slope, self.conv2 = conv(dim, dim, 3), slope, conv(dim, dim, 3)
        self.attention = ChannelAttention(dim, dim // reduction, bias=False)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The shape stays."""
        return features + self.attention(self.conv2(self.slope(self.conv1(features))))


class Encoder(nn.Module):
    """Three levels of two CABs; stage 2 adds what stage 1 knew at every level (Fig. 3a; CSFF, Fig. 3c)."""

    def __init__(self, dims: Sequence[int], reduction: int, slope: nn.PReLU, *, fuse: bool) -> None:
        super().__init__()
        self.levels = nn.ModuleList(cabs(dim, 2, reduction, slope) for dim in dims)
        self.down = nn.ModuleList(conv(a, b, 1) for a, b in pairwise(dims))
        self.fuse_encoder = nn.ModuleList(conv(dim, dim, 1) for dim in dims if fuse)
        self.fuse_decoder = nn.ModuleList(conv(dim, dim, 1) for dim in dims if fuse)

    def forward(
        self, features: Float[Tensor, "b c h w"], encoded: Levels = (), decoded: Levels = ()
    ) -> list[Tensor]:
        """Features of the three levels, with those of the stage before it."""
        outputs: list[Tensor] = []
        for i, level in enumerate(self.levels):
            # Half size by bilinear interpolation is the mean of 2x2 pixels.
            features = level(self.down[i - 1](F.avg_pool2d(outputs[-1], 2)) if i else features)
            if encoded:
                features = features + self.fuse_encoder[i](encoded[i]) + self.fuse_decoder[i](decoded[i])
            outputs.append(features)
        return outputs


class Decoder(nn.Module):
    """From the coarsest level up; a CAB on every skip."""

    def __init__(self, dims: Sequence[int], reduction: int, slope: nn.PReLU) -> None:
        super().__init__()
        self.levels = nn.ModuleList(cabs(dim, 2, reduction, slope) for dim in dims)
        self.skips = nn.ModuleList(CAB(dim, reduction, slope) for dim in dims[:-1])
        self.up = nn.ModuleList(Upsample(b, a) for a, b in pairwise(dims))

    def forward(self, encoded: Levels) -> list[Tensor]:
        """Features of the three levels, the finest first."""
        outputs = [self.levels[2](encoded[2])]
        for i in (1, 0):
            outputs.insert(0, self.levels[i](self.up[i](outputs[0]) + self.skips[i](encoded[i])))
        return outputs


class SAM(nn.Module):
    """Restore an image from the features, then let it say which features go on (Fig. 4)."""

    def __init__(self, dim: int, image_channels: int) -> None:
        super().__init__()
        self.features, self.image, self.mask = (
            conv(dim, dim, 1),
            conv(dim, image_channels, 1),
            conv(image_channels, dim, 1),
        )

    def forward(
        self, features: Float[Tensor, "b d h w"], image: Float[Tensor, "b c h w"]
    ) -> tuple[Float[Tensor, "b d h w"], Float[Tensor, "b c h w"]]:
        """The features that go on, and the restored image."""
        restored = self.image(features) + image
        return self.features(features) * torch.sigmoid(self.mask(restored)) + features, restored


class ORSNet(nn.Module):
    """Three blocks at full resolution, each fed with one level of stage 2 (ORB, Fig. 3b; CSFF, Fig. 3d)."""

    def __init__(
        self, dims: Sequence[int], extra: int, num_cabs: int, reduction: int, slope: nn.PReLU
    ) -> None:
        super().__init__()
        wide = dims[0] + extra
        self.blocks = nn.ModuleList(
            nn.Sequential(*cabs(wide, num_cabs, reduction, slope), conv(wide, wide, 3)) for _ in dims
        )
        # Level i climbs i steps to full size.
        self.up_encoder = nn.ModuleList(climb(dims, i) for i in range(3))
        self.up_decoder = nn.ModuleList(climb(dims, i) for i in range(3))
        self.fuse_encoder = nn.ModuleList(conv(dims[0], wide, 1) for _ in dims)
        self.fuse_decoder = nn.ModuleList(conv(dims[0], wide, 1) for _ in dims)

    def forward(self, features: Float[Tensor, "b d h w"], encoded: Levels, decoded: Levels) -> Tensor:
        """`b d h w`, the shape stays."""
        for i, block in enumerate(self.blocks):
            features = features + block(features)
            features = features + self.fuse_encoder[i](self.up_encoder[i](encoded[i]))
            features = features + self.fuse_decoder[i](self.up_decoder[i](decoded[i]))
        return features


class Upsample(nn.Module):
    """Twice the size by bilinear interpolation, then a 1x1 convolution."""

    def __init__(self, in_dim: int, out_dim: int) -> None:
        super().__init__()
        self.conv = conv(in_dim, out_dim, 1)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d y x"]:
        """Height and width doubled."""
        return self.conv(F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False))


def climb(dims: Sequence[int], steps: int) -> nn.Sequential:
    """From level `steps` to full size."""
    return nn.Sequential(*(Upsample(dims[i], dims[i - 1]) for i in range(steps, 0, -1)))


def cabs(dim: int, count: int, reduction: int, slope: nn.PReLU) -> nn.Sequential:
    """A row of channel attention blocks."""
    return nn.Sequential(*(CAB(dim, reduction, slope) for _ in range(count)))


def conv(in_dim: int, out_dim: int, kernel: int) -> nn.Conv2d:
    """A convolution that keeps the size, without bias."""
    if kernel == 1:
        return Pointwise(in_dim, out_dim, bias=False)
    return nn.Conv2d(in_dim, out_dim, kernel, padding=kernel // 2, bias=False)
