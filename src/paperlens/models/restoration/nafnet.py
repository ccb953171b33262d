"""NAFNet: restoration without any activation function.

Chen et al., "Simple Baselines for Image Restoration", ECCV 2022, arXiv:2204.04676v4 (figures and sections of that).

Input    degraded RGB image, float, 0..1     b c h w      any size
Output   restored image, same range          b c h w

Symbols (paper -> code)
    c      width of the first level    dim           SCA     simplified channel attention    sca
    SimpleGate   x_1 * x_2             simple_gate   blocks  Sec. 5, "Settings"  encoder, middle, decoder
    beta, gamma  scales of the two branches of a block, zero at the start
Two blocks: `naf` is the paper's (Fig. 3d), `baseline` is the one it simplifies (Fig. 3c), with GELU and full
    channel attention.
Departures: none.
Quirks kept: sides are padded with zeros to a multiple of 16 (2 to the number of levels) and cropped; the
    whole padded input is added at the end. beta and gamma start at zero, so that a new network is the
    identity up to its ends.
Published size: 17.1M and 16 G multiply-accumulates at 256x256 for GoPro width 32, 67.9M and 65 G for width
    64, 29.2M and 116M for SIDD; counted 17,111,907, 67,888,835, 29,159,715 and 115,982,915, all live, and
    15.96 and 63.06 G. The published GoPro scores were measured with local means (tlc.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.channel_attention import ChannelAttention, SimplifiedChannelAttention
from paperlens.layers.channel_norm import ChannelNorm
from paperlens.layers.pointwise import Pointwise  # nn.Conv2d with kernel 1, faster
from paperlens.models.facts import Picture
from paperlens.ops.check import check_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class NAFNetConfig:
    """Blocks of every level; the defaults are deblurring on GoPro, width 32."""

    in_channels: int = 3
    dim: int = 32
    encoder: tuple[int, ...] = (1, 1, 1, 28)
    middle: int = 1
    decoder: tuple[int, ...] = (1, 1, 1, 1)
    block: Literal["naf", "baseline"] = "naf"


class NAFNet(nn.Module):
    """A U-Net of NAF blocks whose skips add, and a global skip (Fig. 2c)."""

    def __init__(self, config: NAFNetConfig) -> None:
        super().__init__()
        self.config = config
        if len(config.encoder) != len(config.decoder):
            raise ValueError(f"encoder has {len(config.encoder)} levels, decoder {len(config.decoder)}")
        dims = [config.dim * 2**i for i in range(len(config.encoder) + 1)]
        block = BLOCKS[config.block]
        self.intro = nn.Conv2d(config.in_channels, config.dim, 3, padding=1)
        self.encoder = nn.ModuleList(
            nn.Sequential(*(block(dim) for _ in range(depth)))
            for dim, depth in zip(dims, config.encoder, strict=False)
        )
        self.down = nn.ModuleList(nn.Conv2d(dim, 2 * dim, 2, stride=2) for dim in dims[:-1])
        self.middle = nn.Sequential(*(block(dims[-1]) for _ in range(config.middle)))
        self.up = nn.ModuleList(
            nn.Sequential(Pointwise(dim, 2 * dim, bias=False), nn.PixelShuffle(2)) for dim in dims[:0:-1]
        )
        self.decoder = nn.ModuleList(
            nn.Sequential(*(block(dim) for _ in range(depth)))
            for dim, depth in zip(dims[-2::-1], config.decoder, strict=True)
        )
        self.ending = nn.Conv2d(config.dim, config.in_channels, 3, padding=1)

    def forward(self, degraded: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The restored image."""
        check_channels(degraded, self.config.in_channels)
        height, width = degraded.shape[2:]
        multiple = 2 ** len(self.encoder)
        image = F.pad(degraded, (0, -width % multiple, 0, -height % multiple))
        # Channels last: norms, gates and depth-wise convolutions read a pixel's channels together.
        features, skips = self.intro(image.contiguous(memory_format=torch.channels_last)), []
        for blocks, down in zip(self.encoder, self.down, strict=True):
            skips.append(blocks(features))
            features = down(skips[-1])
        features = self.middle(features)
        for up, blocks in zip(self.up, self.decoder, strict=True):
            features = blocks(up(features) + skips.pop())
        return (self.ending(features) + image)[..., :height, :width]


class NAFBlock(nn.Module):
    """y = x + beta conv3(SCA(gate(conv2(conv1(LN(x))))));  y + gamma conv5(gate(conv4(LN(y)))) (Fig. 3d)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm1 = ChannelNorm(dim, eps=1e-6)
        self.conv1 = Pointwise(dim, 2 * dim)
        self.conv2 = nn.Conv2d(2 * dim, 2 * dim, 3, padding=1, groups=2 * dim)
        self.sca = SimplifiedChannelAttention(dim)
        self.conv3 = Pointwise(dim, dim)
        self.norm2 = ChannelNorm(dim, eps=1e-6)
        self.conv4 = Pointwise(dim, 2 * dim)
        self.conv5 = Pointwise(dim, dim)
        self.beta = nn.Parameter(torch.zeros(1, dim, 1, 1))
        self.gamma = nn.Parameter(torch.zeros(1, dim, 1, 1))

    def forward(self, inp: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The shape stays."""
        x = self.conv2(self.conv1(self.norm1(inp)))
        x = simple_gate(x)
        x = x * self.sca(x)
        y = inp + self.beta * self.conv3(x)
        x = simple_gate(self.conv4(self.norm2(y)))
        return y + self.gamma * self.conv5(x)


class BaselineBlock(nn.Module):
    """As NAFBlock, but gelu in place of both gates and full channel attention in place of SCA (Fig. 3c)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm1 = ChannelNorm(dim, eps=1e-6)
        self.conv1 = Pointwise(dim, dim)
        self.conv2 = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)
        self.attention = ChannelAttention(dim, dim // 2)
        self.conv3 = Pointwise(dim, dim)
        self.norm2 = ChannelNorm(dim, eps=1e-6)
        self.conv4 = Pointwise(dim, 2 * dim)
        self.conv5 = Pointwise(2 * dim, dim)
        self.beta = nn.Parameter(torch.zeros(1, dim, 1, 1))
        self.gamma = nn.Parameter(torch.zeros(1, dim, 1, 1))

    def forward(self, inp: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The shape stays."""
        x = F.gelu(self.conv2(self.conv1(self.norm1(inp))))
        y = inp + self.beta * self.conv3(self.attention(x))
        x = F.gelu(self.conv4(self.norm2(y)))
        return y + self.gamma * self.conv5(x)


BLOCKS: Mapping[str, type[nn.Module]] = {"naf": NAFBlock, "baseline": BaselineBlock}


def simple_gate(features: Float[Tensor, "b c2 h w"]) -> Float[Tensor, "b c h w"]:
    """One half of the channels times the other: a product is non-linear enough (Sec. 4)."""
    first, second = features.chunk(2, dim=1)
    return first * second


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = NAFNet, NAFNetConfig
_SIDD = NAFNetConfig(encoder=(2, 2, 4, 8), middle=12, decoder=(2, 2, 2, 2))
PRESETS: Mapping[str, NAFNetConfig] = {
    "gopro_w32": NAFNetConfig(),
    "gopro_w64": NAFNetConfig(dim=64),
    "sidd_w32": _SIDD,
    "sidd_w64": replace(_SIDD, dim=64),
    "baseline_sidd_w32": replace(_SIDD, block="baseline"),
    "tiny": NAFNetConfig(dim=8, encoder=(1, 2), middle=1, decoder=(1, 1)),
    "tiny_baseline": NAFNetConfig(dim=8, encoder=(1, 2), middle=1, decoder=(1, 1), block="baseline"),
}
PARAMETERS: Mapping[str, int] = {
    "gopro_w32": 17_111_907,
    "gopro_w64": 67_888_835,
    "sidd_w32": 29_159_715,
    "sidd_w64": 115_982_915,
    "baseline_sidd_w32": 29_056_227,
    "tiny": 22_219,
    "tiny_baseline": 21_211,
}
# Multiply-accumulates in G for one input of this shape.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "gopro_w32": ((1, 3, 256, 256), 15.956),
    "gopro_w64": ((1, 3, 256, 256), 63.055),
    "sidd_w32": ((1, 3, 256, 256), 16.045),
    "sidd_w64": ((1, 3, 256, 256), 63.2364),
    "baseline_sidd_w32": ((1, 3, 256, 256), 15.8657),
}
PUBLISHED_SIZES = {
    "gopro_w32": ("17.1M", "unverified"),
    "gopro_w64": ("67.9M", "unverified"),
    "sidd_w32": ("29.2M", "unverified"),
    "sidd_w64": ("116M", "unverified"),
}
ORIGIN, LICENCE = "megvii-research/NAFNet", "MIT"
CALL = Picture(
    multiple=lambda config: 2 ** len(config.encoder), border="constant"
)  # pads with zeros, as published
BAD = [
    ({"encoder": (1, 1, 1)}, (3, 2)),
]


def example(config: NAFNetConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small image; step 1 and 2 have sides that are padded."""
    height, width = ((16, 24), (19, 13), (21, 33))[step]
    return (torch.rand(batch, config.in_channels, height, width),)


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^encoder\.", "encoders."),
    (r"^decoder\.", "decoders."),
    (r"^middle\.", "middle_blks."),
    (r"^down\.", "downs."),
    (r"^up\.", "ups."),
    (r"\.sca\.conv\.", ".sca.1."),
    (r"\.attention\.squeeze\.", ".se.1."),
    (r"\.attention\.excite\.", ".se.3."),
)
GOLDENS: Mapping[str, NAFNetConfig] = {
    "nafnet_gopro_w32": PRESETS["gopro_w32"],
    "nafnet_gopro_w64": PRESETS["gopro_w64"],
    "nafnet_sidd_w32": PRESETS["sidd_w32"],
    "nafnet_sidd_w64": PRESETS["sidd_w64"],
    "naf_baseline_sidd_w32": PRESETS["baseline_sidd_w32"],
}
HEAVY = (
    "naf_baseline_sidd_w32",
    "nafnet_gopro_w32",
    "nafnet_gopro_w64",
    "nafnet_sidd_w32",
    "nafnet_sidd_w64",
)
