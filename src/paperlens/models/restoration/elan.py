"""ELAN: long-range attention made cheap, by shifts, by windows of three sizes and by sharing.

Zhang et al., "Efficient Long-Range Attention Network for Image Super-resolution", ECCV 2022, arXiv:2203.06697.

Input    low-resolution RGB image, float, 0..255    b c h w      any size
Output   enlarged image, same range                 b c (h scale) (w scale)

Symbols (paper -> code)
    C     width                dim             M_k  window side of group k of the channels    window_sizes[k]
    ELAB  a block              Block           GMSA group-wise multi-scale self-attention     MultiScaleAttention
    ASA   accelerated attention: queries and keys are one tensor, BatchNorm stands for LayerNorm
    n     blocks that reuse the attention of the one before     shared
Departures: none.
Quirks kept: logits are not scaled and have no position bias; a map that is shifted by half a window has no mask, so
    tokens of opposite borders meet. Sides are reflected to a multiple of 16 and cropped.
Published size: 8312K for x4, 601K and 582K for the light x4 and x2 (unverified), without the frozen shifts and means;
    counted 8,487,432, 640,392 and 620,916 with, 8,312,448, 601,488 and 582,012 trained. 40.44, 3.56 and 3.48 G
    multiply-accumulates for 64x64.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import lcm

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.mean_shift import DIV2K_MEAN, MeanShift
from paperlens.layers.pointwise import Pointwise  # nn.Conv2d with kernel 1, faster
from paperlens.layers.reconstruction import DirectHead
from paperlens.models.facts import Picture
from paperlens.ops.check import check_channels
from paperlens.ops.pad import pad_to


@dataclass(frozen=True, slots=True, kw_only=True)
class ELANConfig:
    """The defaults are ELAN x4."""

    in_channels: int = 3
    scale: int = 4
    dim: int = 180
    depth: int = 36
    shared: int = 0
    expansion: int = 2
    window_sizes: tuple[int, ...] = (4, 8, 16)
    value_range: float = 255.0


class ELAN(nn.Module):
    """Convolution, blocks of which every second one shifts, long skip, pixel shuffle (Sec. 3.1)."""

    def __init__(self, config: ELANConfig) -> None:
        super().__init__()
        self.config = config
        if config.in_channels != len(DIV2K_MEAN):
            raise ValueError(f"DIV2K's mean has 3 channels, in_channels is {config.in_channels}")
        if config.dim % len(config.window_sizes):
            raise ValueError(f"{len(config.window_sizes)} window_sizes do not divide dim {config.dim}")
        if config.depth % (1 + config.shared):
            raise ValueError(f"1 + shared = {1 + config.shared} does not divide depth {config.depth}")
        self.subtract_mean = MeanShift(DIV2K_MEAN)
        self.add_mean = MeanShift(DIV2K_MEAN, sign=1)
        for shift in (self.subtract_mean, self.add_mean):
            shift.bias.data *= config.value_range  # type: ignore[union-attr]
        self.shallow = nn.Conv2d(config.in_channels, config.dim, 3, padding=1)
        self.blocks = nn.Sequential(
            *(Block(config, shifted=i % 2 == 1) for i in range(config.depth // (1 + config.shared)))
        )
        self.head = DirectHead(config.dim, config.in_channels, config.scale)

    def forward(self, low_res: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c sh sw"]:
        """The enlarged image."""
        check_channels(low_res, self.config.in_channels)
        image, crop = pad_to(low_res, lcm(*self.config.window_sizes))
        shallow = self.shallow(self.subtract_mean(image))
        return crop(self.add_mean(self.head(self.blocks(shallow) + shallow)))


class Block(nn.Module):
    """ELAB: local features, then attention, each with a skip; followers share the attention (Sec. 3.2)."""

    def __init__(self, config: ELANConfig, *, shifted: bool) -> None:
        super().__init__()
        rounds = range(1 + config.shared)
        self.local = nn.ModuleList(LocalFeatures(config.dim, config.expansion) for _ in rounds)
        self.attention = nn.ModuleList(
            MultiScaleAttention(config.dim, config.window_sizes, shifted=shifted, computes=i == 0)
            for i in rounds
        )

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        weights = None
        for local, attention in zip(self.local, self.attention, strict=True):
            features = features + local(features)
            attended, weights = attention(features, weights)
            features = features + attended
        return features


class LocalFeatures(nn.Module):
    """Two shift-convolutions with a ReLU between: the receptive field of 3x3 for the price of 1x1 (Sec. 3.2)."""

    def __init__(self, dim: int, expansion: int) -> None:
        super().__init__()
        self.expand = ShiftConv(dim, dim * expansion)
        self.contract = ShiftConv(dim * expansion, dim)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        return self.contract(F.relu(self.expand(features)))


class ShiftConv(nn.Module):
    """A fifth of the channels moves left, right, up, down each, a fifth stays; then 1x1."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(in_channels, 1, 3, 3), requires_grad=False)
        fifth = in_channels // 5
        for i, (y, x) in enumerate(((1, 2), (1, 0), (2, 1), (0, 1))):
            self.weight[i * fifth : (i + 1) * fifth, 0, y, x] = 1.0
        self.weight[4 * fifth :, 0, 1, 1] = 1.0
        self.point = Pointwise(in_channels, out_channels)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """Zeros come in at the border."""
        return self.point(F.conv2d(features, self.weight, padding=1, groups=len(self.weight)))


class MultiScaleAttention(nn.Module):
    """GMSA: softmax(Q Q^T) V in windows of another size for every group of channels (Sec. 3.2).

    A block that follows takes the weights of the one before and makes only V anew.
    """

    def __init__(self, dim: int, window_sizes: tuple[int, ...], *, shifted: bool, computes: bool) -> None:
        super().__init__()
        self.window_sizes, self.shifted = window_sizes, shifted
        self.point = Pointwise(dim, 2 * dim if computes else dim)
        self.norm = nn.BatchNorm2d(2 * dim if computes else dim)
        self.projection = Pointwise(dim, dim)

    def forward(
        self, features: Float[Tensor, "b d h w"], weights: list[Float[Tensor, "_ _ _"]] | None
    ) -> tuple[Float[Tensor, "b d h w"], list[Float[Tensor, "_ _ _"]]]:
        """The attended map, and the weights of every group."""
        groups = self.norm(self.point(features)).chunk(len(self.window_sizes), dim=1)
        attended, used = [], []
        for i, (group, side) in enumerate(zip(groups, self.window_sizes, strict=True)):
            offset = side // 2 if self.shifted else 0
            tokens = rearrange(
                torch.roll(group, (-offset, -offset), dims=(2, 3)),
                "b d (i p) (j q) -> (b i j) (p q) d",
                p=side,
                q=side,
            )
            if weights is None:
                query, tokens = tokens.chunk(2, dim=-1)
                used.append((query @ query.mT).softmax(dim=-1))
            else:
                used.append(weights[i])
            grid = rearrange(
                used[-1] @ tokens,
                "(b i j) (p q) d -> b d (i p) (j q)",
                i=group.shape[2] // side,
                j=group.shape[3] // side,
                p=side,
            )
            attended.append(torch.roll(grid, (offset, offset), dims=(2, 3)))
        return self.projection(torch.cat(attended, dim=1)), used


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = ELAN, ELANConfig
PRESETS: Mapping[str, ELANConfig] = {
    "x2": ELANConfig(scale=2),
    "x3": ELANConfig(scale=3),
    "x4": ELANConfig(),
    **{f"light_x{scale}": ELANConfig(dim=60, depth=24, shared=1, scale=scale) for scale in (2, 3, 4)},
    "tiny": ELANConfig(dim=12, depth=4, shared=1, scale=2, window_sizes=(2, 4)),
}
PARAMETERS: Mapping[str, int] = {
    "x2": 8_429_076,
    "x3": 8_453_391,
    "x4": 8_487_432,
    "light_x2": 620_916,
    "light_x3": 629_031,
    "light_x4": 640_392,
    "tiny": 7_116,
}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "x4": ((1, 3, 64, 64), 40.4441),
    "light_x2": ((1, 3, 64, 64), 3.4838),
    "light_x4": ((1, 3, 64, 64), 3.5639),
}
PUBLISHED_SIZES = {
    "x4": ("8312K trained", "unverified"),
    "light_x2": ("582K trained", "unverified"),
    "light_x4": ("601K trained", "unverified"),
}
ORIGIN, LICENCE = "xindongzhang/ELAN", "Apache-2.0"
CALL = Picture(multiple=lambda config: lcm(*config.window_sizes), value_range=255.0)
BAD = [
    ({"in_channels": 1}, (3, 1)),
    ({"dim": 13}, (2, 13)),
    ({"depth": 3}, (2, 3)),
    ({"shape": (1, 1, 16, 16)}, (1, 3)),
]


def example(config: ELANConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small input; step 1 and 2 have sides that no window divides."""
    height, width = ((8, 12), (10, 7), (13, 21))[step]
    return (torch.rand(batch, config.in_channels, height, width) * config.value_range,)


# Our names -> the published ones, applied in this order. See models/published.py.
PUBLISHED_NAMES = (
    (r"^subtract_mean\.", "sub_mean."),
    (r"^shallow\.", "head.0."),
    (r"^head\.expand\.", "tail.0."),
    (r"^blocks\.(\d+)\.local\.(\d+)\.expand\.", r"body.\1.modules_lfe.lfe_\2.conv0.shift_conv."),
    (r"^blocks\.(\d+)\.local\.(\d+)\.contract\.", r"body.\1.modules_lfe.lfe_\2.conv1.shift_conv."),
    (r"\.shift_conv\.point\.", ".shift_conv.conv1x1."),
    (r"^blocks\.(\d+)\.attention\.(\d+)\.", r"body.\1.modules_gmsa.gmsa_\2."),
    (r"(\.gmsa_\d+)\.point\.", r"\1.project_inp.0."),
    (r"(\.gmsa_\d+)\.norm\.", r"\1.project_inp.1."),
    (r"(\.gmsa_\d+)\.projection\.", r"\1.project_out."),
)
GOLDENS: Mapping[str, ELANConfig] = {
    "elan_x4": PRESETS["x4"],
    "elan_light_x2": PRESETS["light_x2"],
    "elan_light_x4": PRESETS["light_x4"],
}
HEAVY = ("elan_x4",)
