"""MPRNet: a picture restored in three stages, in four patches, two patches and whole.

Zamir et al., "Multi-Stage Progressive Image Restoration", CVPR 2021, arXiv:2102.02808v2.

Input    degraded RGB image, float, 0..1                    b c h w      sides are multiples of 8; see ops.pad
Output   restored images of stages 3, 2 and 1, same range   three b c h w

Symbols (paper -> code)
    X_S   prediction of stage S          outputs     CAB   channel attention block          CAB
    SAM   supervised attention module    SAM         CSFF  cross-stage feature fusion       Encoder.fuse_*
    ORB   original resolution block      ORSNet.blocks
Departures: none. The patches of stages 1 and 2 are computed as a batch. Kernels lie in channels-last memory;
    safetensors wants them contiguous first, paperlens.train.checkpoint sees to it.
Quirks kept: one PReLU slope serves the whole network; the attention module's convolutions have kernel 1 (the
    paper draws 1x1, the published class defaults to 3); no convolution has a bias.
Published size: 20.1M for deblurring, 15.7M for denoising, 3.64M for deraining; counted 20,127,073, 15,741,025
    and 3,637,249, all live; 759.4 G multiply-accumulates at 256x256 for deblurring.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from paperlens.models.facts import Picture
from paperlens.models.restoration.mprnet_blocks import CAB, SAM, Decoder, Encoder, ORSNet, conv
from paperlens.ops.check import check_channels, check_multiple


@dataclass(frozen=True, slots=True, kw_only=True)
class MPRNetConfig:
    """Sec. 4; the defaults are deblurring."""

    in_channels: int = 3
    dim: int = 96
    dim_step: int = 48  # added with every coarser level
    full_dim: int = 32  # added at the original resolution
    num_cabs: int = 8  # in every block of stage 3
    reduction: int = 4


BESIDE, ABOVE = (
    "(b j) c h w -> b c h (j w)",
    "(b i) c h w -> b c (i h) w",
)  # neighbours in the batch become one


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
        # Kernels lie in memory as the features do, or every call would order them anew.
        convert_conv2d_weight_memory_format(self, torch.channels_last)

    def forward(self, degraded: Float[Tensor, "b c h w"]) -> tuple[Tensor, Tensor, Tensor]:
        """The restored images of stages 3, 2 and 1; ValueError for a side that is no multiple of 8."""
        check_channels(degraded, self.config.in_channels)
        check_multiple(degraded, 8)
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


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = MPRNet, MPRNetConfig
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
PUBLISHED_SIZES = {
    "deblur": ("20.1M", "a web page"),
    "denoise": ("15.7M", "unverified"),
    "derain": ("3.64M", "unverified"),
}
ORIGIN, LICENCE = "swz30/MPRNet", "Academic Public License (non-commercial)"
CALL = Picture(multiple=lambda config: 8, output=0)
BAD = [
    ({"shape": (1, 3, 16, 12)}, (8, 12)),
    ({"reduction": 32}, (0, 16)),
]


def example(config: MPRNetConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small image whose sides are multiples of 8."""
    height, width = ((16, 24), (24, 16), (8, 40))[step]
    return (torch.rand(batch, config.in_channels, height, width),)


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
HEAVY = (
    "mprnet_deblur",
    "mprnet_denoise",
    "mprnet_derain",
)
