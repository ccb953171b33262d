"""MIRNet-v2: three resolutions side by side, which exchange what they see again and again.

Zamir et al., "Learning Enriched Features for Fast Image Restoration and Enhancement", TPAMI 2022, arXiv:2205.01649.

Input    degraded image, float, 0..1     b c h w      sides: multiples of 4; a low-resolution one is enlarged before
Output   restored RGB image              b 3 h w

Symbols (paper -> code)
    RRG  recursive residual group        groups           MRB   multi-scale residual block    MultiScaleBlock
    RCB  residual contextual block       context          SKFF  selective kernel feature fusion    fuse
Departures: none.
Quirks kept: both rounds of a multi-scale block use the same RCB and SKFF, so their parameters count once and their
    multiply-accumulates twice; the groups of convolution are 1, 2, 4, 4 whatever number of RRGs is asked for; no
    layer has a bias. For two dual-pixel views the image is not added: the first features are.
Published size: 5.9M and 140.92 G (unverified); counted 5,858,560 and 5,860,720 for two views, all live, and 139.63 and
    139.77 G multiply-accumulates at 256x256.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.pointwise import Pointwise  # nn.Conv2d with kernel 1, faster
from paperlens.models.facts import Picture
from paperlens.ops.check import check_channels, check_multiple

SLOPE = 0.2  # of every LeakyReLU


@dataclass(frozen=True, slots=True, kw_only=True)
class MIRNetV2Config:
    """The defaults are denoising, enhancement and super-resolution."""

    in_channels: int = 3
    out_channels: int = 3
    dim: int = 80
    factor: float = 1.5
    conv_groups: tuple[int, ...] = (1, 2, 4, 4)
    depth: int = 2
    reduction: int = 8
    residual: Literal["image", "features"] = "image"


class MIRNetV2(nn.Module):
    """A convolution, recursive residual groups, a convolution, a long skip (Sec. 3)."""

    def __init__(self, config: MIRNetV2Config) -> None:
        super().__init__()
        self.config = config
        if config.residual == "image" and config.in_channels != config.out_channels:
            raise ValueError(
                f"an image of {config.in_channels} channels cannot be added to one of {config.out_channels}"
            )
        self.first = nn.Conv2d(config.in_channels, config.dim, 3, padding=1, bias=False)
        self.groups = nn.Sequential(*(RecursiveGroup(config, groups) for groups in config.conv_groups))
        self.last = nn.Conv2d(config.dim, config.out_channels, 3, padding=1, bias=False)

    def forward(self, degraded: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o h w"]:
        """The restored image."""
        check_channels(degraded, self.config.in_channels)
        check_multiple(degraded, 4)
        shallow = self.first(degraded)
        deep = self.groups(shallow)
        if self.config.residual == "image":
            return self.last(deep) + degraded
        return self.last(deep + shallow)


class RecursiveGroup(nn.Module):
    """RRG: multi-scale blocks, a convolution, a skip (Sec. 3)."""

    def __init__(self, config: MIRNetV2Config, conv_groups: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(MultiScaleBlock(config, conv_groups) for _ in range(config.depth)),
            nn.Conv2d(config.dim, config.dim, 3, padding=1, bias=False),
        )

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        return self.body(features) + features


class MultiScaleBlock(nn.Module):
    """MRB: full, half and quarter resolution, each with its context, fused upwards twice (Sec. 3)."""

    def __init__(self, config: MIRNetV2Config, conv_groups: int) -> None:
        super().__init__()
        full = config.dim
        half = int(full * config.factor)
        quarter = int(half * config.factor)
        self.context = nn.ModuleList(ResidualContext(dim, conv_groups) for dim in (full, half, quarter))
        self.down2 = Down(full, half)
        self.down4 = nn.Sequential(Down(full, half), Down(half, quarter))
        self.up_half = nn.ModuleList(Up(quarter, half) for _ in range(2))
        self.up_full = nn.ModuleList(Up(half, full) for _ in range(2))
        self.fuse_half = SelectiveFusion(half, config.reduction)
        self.fuse_full = SelectiveFusion(full, config.reduction)
        self.conv = Pointwise(full, full, bias=False)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        full, half, quarter = features, self.down2(features), self.down4(features)
        for up_half, up_full in zip(self.up_half, self.up_full, strict=True):
            scales = (full, half, quarter)
            full, half, quarter = (context(x) for context, x in zip(self.context, scales, strict=True))
            half = self.fuse_half([half, up_half(quarter)])
            full = self.fuse_full([full, up_full(half)])
        return self.conv(full) + features


class ResidualContext(nn.Module):
    """RCB: two convolutions, the map's context added to every pixel, a skip (Sec. 3)."""

    def __init__(self, dim: int, conv_groups: int) -> None:
        super().__init__()
        if dim % conv_groups:
            raise ValueError(f"{conv_groups} groups of convolution do not divide {dim} channels")
        self.conv1 = nn.Conv2d(dim, dim, 3, padding=1, bias=False, groups=conv_groups)
        self.conv2 = nn.Conv2d(dim, dim, 3, padding=1, bias=False, groups=conv_groups)
        self.score = Pointwise(dim, 1, bias=False)
        self.squeeze = Pointwise(dim, dim, bias=False)
        self.excite = Pointwise(dim, dim, bias=False)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        found = self.conv2(F.leaky_relu(self.conv1(features), SLOPE))
        weights = rearrange(self.score(found), "b 1 h w -> b (h w) 1").softmax(dim=1)
        context = rearrange(rearrange(found, "b d h w -> b d (h w)") @ weights, "b d 1 -> b d 1 1")
        found = found + self.excite(F.leaky_relu(self.squeeze(context), SLOPE))
        return F.leaky_relu(found, SLOPE) + features


class SelectiveFusion(nn.Module):
    """SKFF: a softmax over the two inputs, for every channel by itself, weighs their sum (Sec. 3)."""

    def __init__(self, dim: int, reduction: int) -> None:
        super().__init__()
        hidden_dim = max(dim // reduction, 4)
        self.squeeze = Pointwise(dim, hidden_dim, bias=False)
        self.select = nn.ModuleList(Pointwise(hidden_dim, dim, bias=False) for _ in range(2))

    def forward(self, inputs: Sequence[Float[Tensor, "b d h w"]]) -> Float[Tensor, "b d h w"]:
        """One map of the inputs' shape."""
        mean = reduce(inputs[0] + inputs[1], "b d h w -> b d 1 1", "mean")
        compact = F.leaky_relu(self.squeeze(mean), SLOPE)
        first, second = torch.stack([select(compact) for select in self.select]).softmax(dim=0)
        return inputs[0] * first + inputs[1] * second


class Down(nn.Sequential):
    """Mean of 2 x 2 pixels, then 1x1 to the wider map."""

    def __init__(self, dim: int, out_dim: int) -> None:
        super().__init__(nn.AvgPool2d(2), Pointwise(dim, out_dim, bias=False))


class Up(nn.Sequential):
    """1x1 to the narrower map, then twice the size, bilinear."""

    def __init__(self, dim: int, out_dim: int) -> None:
        super().__init__(
            Pointwise(dim, out_dim, bias=False),
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        )


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = MIRNetV2, MIRNetV2Config
PRESETS: Mapping[str, MIRNetV2Config] = {
    "rgb": MIRNetV2Config(),
    "dual_pixel": MIRNetV2Config(in_channels=6, residual="features"),
    "tiny": MIRNetV2Config(dim=8, conv_groups=(1, 2), depth=1),
}
PARAMETERS: Mapping[str, int] = {"rgb": 5_858_560, "dual_pixel": 5_860_720, "tiny": 20_824}
# Multiply-accumulates in G for one input of this shape.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "rgb": ((1, 3, 256, 256), 139.6328),
    "dual_pixel": ((1, 6, 256, 256), 139.7744),
}
PUBLISHED_SIZES = {"rgb": ("5.9M", "unverified")}
ORIGIN, LICENCE = "swz30/MIRNetv2", "Academic Public License (non-commercial)"
CALL = Picture(multiple=lambda config: 4)
BAD = [
    ({"in_channels": 6}, (6, 3)),
    ({"conv_groups": (3,)}, (3, 8)),
    ({"shape": (1, 3, 16, 18)}, (4, 18)),
    ({"shape": (1, 1, 16, 16)}, (1, 3)),
]


def example(config: MIRNetV2Config, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small image; sides are multiples of 4."""
    height, width = ((16, 24), (20, 12), (28, 36))[step]
    return (torch.rand(batch, config.in_channels, height, width),)


# Our names -> the published ones, applied in this order. See models/published.py.
PUBLISHED_NAMES = (
    (r"^first\.", "conv_in."),
    (r"^last\.", "conv_out."),
    (r"^groups\.", "body."),
    (r"\.context\.0\.", ".dau_top."),
    (r"\.context\.1\.", ".dau_mid."),
    (r"\.context\.2\.", ".dau_bot."),
    (r"(\.dau_\w+)\.conv1\.", r"\1.body.0."),
    (r"(\.dau_\w+)\.conv2\.", r"\1.body.2."),
    (r"\.score\.", ".gcnet.conv_mask."),
    (r"(\.dau_\w+)\.squeeze\.", r"\1.gcnet.channel_add_conv.0."),
    (r"(\.dau_\w+)\.excite\.", r"\1.gcnet.channel_add_conv.2."),
    (r"\.down2\.1\.", ".down2.body.0.bot.1."),
    (r"\.down4\.(\d)\.1\.", r".down4.\1.body.0.bot.1."),
    (r"\.up_half\.0\.0\.", ".up32_1.body.0.bot.0."),
    (r"\.up_half\.1\.0\.", ".up32_2.body.0.bot.0."),
    (r"\.up_full\.0\.0\.", ".up21_1.body.0.bot.0."),
    (r"\.up_full\.1\.0\.", ".up21_2.body.0.bot.0."),
    (r"\.fuse_half\.", ".skff_mid."),
    (r"\.fuse_full\.", ".skff_top."),
    (r"(\.skff_\w+)\.squeeze\.", r"\1.conv_du.0."),
    (r"\.select\.", ".fcs."),
    (r"(\.body\.\d+)\.conv\.", r"\1.conv_out."),
)

GOLDENS: Mapping[str, MIRNetV2Config] = {"mirnetv2": PRESETS["rgb"], "mirnetv2_dpdd": PRESETS["dual_pixel"]}
