"""MINet: the features that two contrasts leave at every stage are kept, and every one is asked about all others.

Feng et al., "Multi-Contrast MRI Super-Resolution via a Multi-Stage Integration Network", MICCAI 2021,
arXiv:2105.08949v3 (sections of that; its numbered equations were not at hand).

Input    guide of high resolution; slice of low resolution         b 1 2h 2w, b 1 h w
Output   the guide restored; the slice enlarged, the result        b 1 2h 2w, b 1 2h 2w

Symbols (paper -> code)
    aux, tar branch  guide, target        L  stages: groups of residual blocks and a last convolution   groups + 1
    F_int            integration (MSIM)   F_att  attention (CSAM)
Departures: the published code does not run. It is repaired as little as possible: the mean that it forgot to define is
    DIV2K's (stored, never applied), and the convolution after the integration takes the 2L maps that arrive, not L.
Quirks kept: integration weighs a stage the more, the less it resembles the one that asks, and relates the target's
    features before the guide's join them; the slice is enlarged first, so that the whole body works at high resolution,
    by a scale of 2 alone; a third branch and the parts of an earlier design are built and never called, 38% of the
    parameters (DEAD).
Published size: none in the paper. Counted 10,920,971 with 6 groups of 6 blocks (script; live 6,748,189; 10,662,923
    before the repair), 13,776,050 with 5 of 10 (default; live 8,676,557); each with 24 frozen values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.mean_shift import DIV2K_MEAN, MeanShift
from paperlens.layers.residual_group import ResidualGroup
from paperlens.layers.upsample import SubPixelUpsample
from paperlens.ops.check import check_channels

SCALE = 2
Features = Float[Tensor, "b d h w"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MINetConfig:
    """The training script's values are the defaults."""

    dim: int = 64
    groups: int = 6
    depth: int = 6  # residual blocks of a group
    reduction: int = 16  # of channel attention


class MINet(nn.Module):
    """Two branches side by side; at every stage the guide's features join the target's (Sec. 2)."""

    def __init__(self, config: MINetConfig) -> None:
        super().__init__()
        self.config = config
        dim, stages = config.dim, config.groups + 1
        self.guide = Branch(config, stages)
        self.target = Branch(config, 2 * stages)
        self.fuse = nn.ModuleList(nn.Conv2d(2 * dim, dim, 1) for _ in range(stages))
        self.third = Trunk(config, stages)  # of which only the enlargement is called
        self.unused = Unused(dim, stages)

    def forward(
        self, guide: Float[Tensor, "b c H W"], low_res: Float[Tensor, "b d h w"]
    ) -> tuple[Float[Tensor, "b 1 H W"], Float[Tensor, "b 1 H W"]]:
        """The guide restored and the slice enlarged; ValueError unless the guide is twice the slice's size."""
        check_channels(guide, 1, "guide")
        check_channels(low_res, 1, "slice")
        for name, small, large in zip(("height", "width"), low_res.shape[-2:], guide.shape[-2:], strict=True):
            if large != SCALE * small:
                raise ValueError(f"the guide's {name} {large} must be {SCALE} x {small}, the slice's")
        aux = shallow_aux = self.guide.head(guide)
        tar = shallow_tar = self.third.enlarge(self.target.head(low_res))
        kept_aux, kept_tar = [], []
        for group_aux, group_tar, fuse in zip(self.guide.body, self.target.body, self.fuse, strict=True):
            aux = group_aux(aux)
            own = group_tar(tar)
            tar = own + fuse(torch.cat([aux, own], dim=1))
            kept_aux.append(aux)
            kept_tar.append(own)
        restored = self.guide.last1(self.guide.attention(aux)) + shallow_aux
        integrated = self.target.last_conv(self.target.integration([*kept_aux, *kept_tar]))  # MSIM
        attended = self.target.attention(tar)  # CSAM
        enlarged = self.target.last(torch.cat([attended, integrated], dim=1)) + shallow_tar
        return self.guide.final(restored), self.target.final(enlarged)


class Trunk(nn.Module):
    """What each of the three branches is built with, called or not."""

    def __init__(self, config: MINetConfig, kept: int) -> None:
        super().__init__()
        dim = config.dim
        groups = [ResidualGroup(dim, config.depth, config.reduction) for _ in range(config.groups)]
        self.body = nn.ModuleList([*groups, conv(dim, dim)])
        self.attention = ChannelSpatialAttention()
        self.integration = Integration()
        self.last_conv = conv(kept * dim, dim)
        self.last = conv(2 * dim, dim)
        self.last1 = conv(dim, dim)
        self.enlarge = nn.Sequential(SubPixelUpsample(dim, SCALE), conv(dim, dim))


class Branch(Trunk):
    """One contrast: from the slice to features, and back."""

    def __init__(self, config: MINetConfig, kept: int) -> None:
        super().__init__(config, kept)
        self.head, self.final = conv(1, config.dim), conv(config.dim, 1)
        self.add_mean = MeanShift(DIV2K_MEAN, sign=1)  # stored, unused


class Integration(nn.Module):
    """MSIM: every stage's whole map is one token, and asks for those that it resembles least (Sec. 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, maps: Sequence[Features]) -> Float[Tensor, "b nd h w"]:
        """All maps side by side, each with the weighted sum of all added."""
        stacked = torch.stack(list(maps), dim=1)
        energy = torch.einsum("b n d h w, b m d h w -> b n m", stacked, stacked)
        distance = energy.amax(dim=-1, keepdim=True) - energy
        attended = torch.einsum("b n m, b m d h w -> b n d h w", distance.softmax(dim=-1), stacked)
        mixed = stacked + self.gamma * attended
        return rearrange(mixed, "b n d h w -> b (n d) h w")


class ChannelSpatialAttention(nn.Module):
    """CSAM: x + gamma sigmoid(conv(x)) x, one 3 x 3 x 3 kernel over channel, row and column (Sec. 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))
        self.conv = nn.Conv3d(1, 1, 3, padding=1)

    def forward(self, features: Features) -> Features:
        """The shape stays."""
        volume = rearrange(features, "b d h w -> b 1 d h w")
        gate = rearrange(torch.sigmoid(self.conv(volume)), "b 1 d h w -> b d h w")
        return features + self.gamma * gate * features


class Unused(nn.Module):
    """Parts of an earlier design: built, stored in checkpoints, never called."""

    def __init__(self, dim: int, stages: int) -> None:
        super().__init__()
        half = dim // 2
        self.conv1 = conv(2 * dim, dim)
        self.fusion_convsT1 = nn.ModuleList(nn.Conv2d(dim, half, 1) for _ in range(stages))
        self.fusion_convsT2 = nn.ModuleList(nn.Conv2d(dim, half, 1) for _ in range(stages))
        self.map_convs = nn.ModuleList(conv(dim, 1) for _ in range(stages))
        self.enlayer = nn.Sequential(conv(dim, half), nn.BatchNorm2d(half))
        self.outlayer = nn.Sequential(nn.Conv2d(half, dim, 1))


def conv(in_channels: int, out_channels: int) -> nn.Conv2d:
    """3 x 3, size kept."""
    return nn.Conv2d(in_channels, out_channels, 3, padding=1)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = MINet, MINetConfig
PRESETS: Mapping[str, MINetConfig] = {
    "6_6": MINetConfig(),
    "5_10": MINetConfig(groups=5, depth=10),
    "tiny": MINetConfig(dim=8, groups=2, depth=1, reduction=4),
}
PARAMETERS: Mapping[str, int] = {"6_6": 10_920_971, "5_10": 13_776_050, "tiny": 36_207}
# Multiply-accumulates in G for a guide of 80 x 80 and a slice of 40 x 40.
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "6_6": (((1, 1, 80, 80), (1, 1, 40, 40)), 42.3212),
    "5_10": (((1, 1, 80, 80), (1, 1, 40, 40)), 54.4946),
}
ORIGIN, LICENCE = "chunmeifeng/MINet", "none stated"
NOT_A_PICTURE = "a guide of another contrast, twice as large, too: call it from Python, model(guide, slice)"
BAD = [
    ({"reduction": 16}, (0, 8)),
]


def example(config: MINetConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, Tensor]:
    """A small slice and a guide twice its size."""
    height, width = ((6, 8), (5, 7), (9, 4))[step]
    return torch.rand(batch, 1, SCALE * height, SCALE * width), torch.rand(batch, 1, height, width)


_UNUSED = "conv1|fusion_convsT[12]|map_convs|rgbd_global"
# Our names -> the published ones; see models/published.py.
PUBLISHED_NAMES = (
    (r"^unused\.(en|out)layer\.", r"rgbd_global.\1layer."),
    (r"^unused\.", ""),
    (r"^fuse\.", "fusion_convs."),
    (r"\.blocks\.(\d+)\.conv1\.", r".body.\1.body.0."),
    (r"\.blocks\.(\d+)\.conv2\.", r".body.\1.body.2."),
    (r"\.blocks\.(\d+)\.attention\.squeeze\.", r".body.\1.body.3.conv_du.0."),
    (r"\.blocks\.(\d+)\.attention\.excite\.", r".body.\1.body.3.conv_du.2."),
    (r"\.blocks\.", ".body."),
    (r"\.attention\.", ".csa."),
    (r"\.integration\.", ".la."),
    (r"\.enlarge\.", ".tail."),
    (r"\.head\.", ".head.0."),
    (r"^guide\.", "net1."),
    (r"^target\.", "net2."),
    (r"^third\.", ""),
)
DEAD = (
    rf"({_UNUSED}|body|csa|la|last_conv|last|last1)\..*",
    r"net1\.(la|last|last_conv|tail)\..*",
    r"net2\.(last1|tail)\..*",
)
GOLDENS: Mapping[str, MINetConfig] = {"minet_6_6_64": PRESETS["6_6"], "minet_5_10_64": PRESETS["5_10"]}
HEAVY = (
    "minet_5_10_64",
    "minet_6_6_64",
)
