"""MPRNet: a picture restored in three stages, in four patches, two patches and whole.

Zamir et al., "Multi-Stage Progressive Image Restoration", CVPR 2021, arXiv:2102.02808.

Input    degraded RGB image, float, 0..1                    b c h w      sides are multiples of 8; see ops.pad
Output   restored images of stages 3, 2 and 1, same range   three b c h w

Symbols (paper -> code)
    X_S   prediction of stage S          outputs     CAB   channel attention block          CAB
    SAM   supervised attention module    SAM         CSFF  cross-stage feature fusion       Encoder.fuse_*
    ORB   original resolution block      ORSNet.blocks
Departures: none. The patches of stages 1 and 2 are computed as a batch.
Quirks kept: one PReLU slope serves the whole network; the attention module's convolutions have kernel 1 (the
    paper draws 1x1, the published class defaults to 3); no convolution has a bias.
Published size: 20.1M for deblurring, 15.7M for denoising, 3.64M for deraining; counted 20,127,073, 15,741,025
    and 3,637,249, all live; 759.4 G multiply-accumulates at 256x256 for deblurring.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.channel_attention import ChannelAttention
from paperlens.layers.pointwise import Pointwise


@dataclass(frozen=True, slots=True, kw_only=True)
class MPRNetConfig:
    """Sec. 4; the defaults are deblurring."""

    in_channels: int = 3
    dim: int = 96
    dim_step: int = 48  # added with every coarser level
    full_dim: int = 32  # added at the original resolution
    num_cabs: int = 8  # in every block of stage 3
    reduction: int = 4


PRESETS: Mapping[str, MPRNetConfig] = {
    "deblur": MPRNetConfig(),
    "denoise": MPRNetConfig(dim=80),
    "derain": MPRNetConfig(dim=40, dim_step=20, full_dim=16),
    "tiny": MPRNetConfig(dim=16, dim_step=8, full_dim=8, num_cabs=1, reduction=2),
}
PARAMETERS: Mapping[str, int] = {
    "deblur": 20_127_073,
    "denoise": 15_741_025,
    "derain": 3_637_249,
    "tiny": 404_569,
}
# Multiply-accumulates in G for one input of this shape.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "deblur": ((1, 3, 256, 256), 759.4111),
    "denoise": ((1, 3, 256, 256), 572.8923),
    "derain": ((1, 3, 256, 256), 140.9822),
}
Levels = Sequence[Tensor]  # features at full, half and quarter size
BESIDE, ABOVE = (
    "(b j) c h w -> b c h (j w)",
    "(b i) c h w -> b c (i h) w",
)  # neighbours in the batch become one


def example(config: MPRNetConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small image whose sides are multiples of 8."""
    height, width = ((16, 24), (24, 16), (8, 40))[step]
    return (torch.rand(batch, config.in_channels, height, width),)


class MPRNet(nn.Module):
    """Two U-Nets on patches, a network at full resolution, attention that hands features on (Fig. 2)."""

    def __init__(self, config: MPRNetConfig) -> None:
        super().__init__()
        self.config = config
        slope, reduction, dim = nn.PReLU(), config.reduction, config.dim  # one slope for the whole network
        dims = [dim, dim + config.dim_step, dim + 2 * config.dim_step]
        self.shallow = nn.ModuleList(
            nn.Sequential(conv(config.in_channels, dim, 3), CAB(dim, reduction, slope)) for _ in range(3)
        )
        self.encoder1 = Encoder(dims, reduction, slope, fuse=False)
        self.decoder1 = Decoder(dims, reduction, slope)
        self.sam1 = SAM(dim, config.in_channels)
        self.merge1 = conv(2 * dim, dim, 3)
        self.encoder2 = Encoder(dims, reduction, slope, fuse=True)
        self.decoder2 = Decoder(dims, reduction, slope)
        self.sam2 = SAM(dim, config.in_channels)
        self.merge2 = conv(2 * dim, dim + config.full_dim, 3)
        self.full = ORSNet(dims, config.full_dim, config.num_cabs, reduction, slope)
        self.tail = conv(dim + config.full_dim, config.in_channels, 3)

    def forward(self, degraded: Float[Tensor, "b c h w"]) -> tuple[Tensor, Tensor, Tensor]:
        """The restored images of stages 3, 2 and 1; ValueError for a side that is no multiple of 8."""
        for name, side in (("height", degraded.shape[2]), ("width", degraded.shape[3])):
            if side % 8:
                raise ValueError(f"8 does not divide {name} {side}; pad with ops.pad_to")
        image = degraded.contiguous(memory_format=torch.channels_last)
        halves = rearrange(image, "b c (i h) w -> (b i) c h w", i=2)
        quarters = rearrange(halves, "b c h (j w) -> (b j) c h w", j=2)

        encoded1 = [rearrange(x, BESIDE, j=2) for x in self.encoder1(self.shallow[0](quarters))]
        decoded1 = self.decoder1(encoded1)
        attended, restored1 = self.sam1(decoded1[0], halves)

        features = self.merge1(torch.cat([self.shallow[1](halves), attended], dim=1))
        encoded2 = [rearrange(x, ABOVE, i=2) for x in self.encoder2(features, encoded1, decoded1)]
        decoded2 = self.decoder2(encoded2)
        attended, restored2 = self.sam2(decoded2[0], image)

        features = self.merge2(torch.cat([self.shallow[2](image), attended], dim=1))
        restored3 = self.tail(self.full(features, encoded2, decoded2)) + image
        return restored3, restored2, rearrange(restored1, ABOVE, i=2)


class CAB(nn.Module):
    """x + CA(conv(prelu(conv(x)))) (Fig. 2b)."""

    def __init__(self, dim: int, reduction: int, slope: nn.PReLU) -> None:
        super().__init__()
        self.conv1, self.slope, self.conv2 = conv(dim, dim, 3), slope, conv(dim, dim, 3)
        self.attention = ChannelAttention(dim, dim // reduction, bias=False)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The shape stays."""
        return features + self.attention(self.conv2(self.slope(self.conv1(features))))


class Encoder(nn.Module):
    """Three levels of two CABs; stage 2 adds what stage 1 knew at every level (CSFF, Fig. 3a)."""

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
    """Three blocks at full resolution, each fed with one level of stage 2 (Fig. 3b)."""

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


def one(index: str) -> int:
    """The published names count from one."""
    return int(index) + 1


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"\.conv1\.", ".body.0."),
    (r"\.slope\.", ".body.1."),
    (r"\.conv2\.", ".body.2."),
    (r"\.attention\.squeeze\.", ".CA.conv_du.0."),
    (r"\.attention\.excite\.", ".CA.conv_du.2."),
    (r"^shallow\.(\d)\.", lambda m: f"shallow_feat{one(m[1])}."),
    (
        r"^(en|de)coder(\d)\.levels\.(\d)\.",
        lambda m: f"stage{m[2]}_{m[1]}coder.{m[1]}coder_level{one(m[3])}.",
    ),
    (r"^encoder(\d)\.down\.0\.", r"stage\1_encoder.down12.down.1."),
    (r"^encoder(\d)\.down\.1\.", r"stage\1_encoder.down23.down.1."),
    (r"^decoder(\d)\.up\.0\.conv\.", r"stage\1_decoder.up21.up.1."),
    (r"^decoder(\d)\.up\.1\.conv\.", r"stage\1_decoder.up32.up.1."),
    (r"^decoder(\d)\.skips\.(\d)\.", lambda m: f"stage{m[1]}_decoder.skip_attn{one(m[2])}."),
    (r"^encoder(\d)\.fuse_(..)coder\.(\d)\.", lambda m: f"stage{m[1]}_encoder.csff_{m[2]}c{one(m[3])}."),
    (r"^full\.blocks\.(\d)\.", lambda m: f"stage3_orsnet.orb{one(m[1])}.body."),
    (r"^full\.up_(..)coder\.1\.0\.conv\.", r"stage3_orsnet.up_\1c1.up.1."),
    (r"^full\.up_(..)coder\.2\.(\d)\.conv\.", r"stage3_orsnet.up_\1c2.\2.up.1."),
    (r"^full\.fuse_(..)coder\.(\d)\.", lambda m: f"stage3_orsnet.conv_{m[1]}c{one(m[2])}."),
    (r"^merge1\.", "concat12."),
    (r"^merge2\.", "concat23."),
    (r"^sam1\.", "sam12."),
    (r"^sam2\.", "sam23."),
    (r"^(sam\d+)\.features\.", r"\1.conv1."),
    (r"^(sam\d+)\.image\.", r"\1.conv2."),
    (r"^(sam\d+)\.mask\.", r"\1.conv3."),
)
GOLDENS: Mapping[str, MPRNetConfig] = {
    "mprnet_deblur": PRESETS["deblur"],
    "mprnet_denoise": PRESETS["denoise"],
    "mprnet_derain": PRESETS["derain"],
}
