"""Nested U-Net (UNet++): the skips of a U-Net are filled with convolutions, so that no two far levels meet unprepared.

Zhou et al., "UNet++: A Nested U-Net Architecture for Medical Image Segmentation", DLMIA 2018, arXiv:1807.10165v1. The
notes meet it as the network that makes a low-field MR picture from a high-field one and back.

Input    image or slice, float                                      b c h w    sides that 16 (2 to the levels) divides
Output   one map a class, no activation; for restoration the image   b k h w

Symbols (paper -> code)
    x^{i,j}  node at depth i, step j of its skip   nodes["i_j"]       H  convolution block   ConvBlock
    D, U     pooling and upsampling                F.max_pool2d, enlarged
Departures: the paper's own code is Keras, with transposed convolutions and no batch norm; the golden outputs are
    those of the torch port that most of the field uses, which enlarges bilinearly and normalises. `residual`, off
    by default, adds the input to the output, as the low-field network of the notes does.
Published size: 9.04M (Table 3, Keras: 9,041,601 in its README); the port counts 9,163,329, with deep supervision
    9,163,428.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.ops.check import check_channels, check_multiple


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedUNetConfig:
    """The defaults are the port's: three channels in, one class out."""

    in_channels: int = 3
    out_channels: int = 1
    dims: tuple[int, ...] = (32, 64, 128, 256, 512)
    deep_supervision: bool = False
    residual: bool = False


class NestedUNet(nn.Module):
    """A triangle of nodes: each sees all before it on its level and the enlarged one from below (Fig. 1a, Eq. 1)."""

    def __init__(self, config: NestedUNetConfig) -> None:
        super().__init__()
        self.config = config
        if config.residual and config.in_channels != config.out_channels:
            raise ValueError(
                f"a residual needs equal channels: in_channels {config.in_channels}, out_channels {config.out_channels}"
            )
        dims, levels = config.dims, len(config.dims)
        self.nodes = nn.ModuleDict()
        for step in range(levels):
            for depth in range(levels - step):
                below = dims[depth - 1] if depth else config.in_channels
                inside = below if step == 0 else step * dims[depth] + dims[depth + 1]
                self.nodes[f"{depth}_{step}"] = ConvBlock(inside, dims[depth])
        heads = levels - 1 if config.deep_supervision else 1
        self.heads = nn.ModuleList(nn.Conv2d(dims[0], config.out_channels, 1) for _ in range(heads))

    def forward(
        self, image: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, "b k h w"] | list[Float[Tensor, "b k h w"]]:
        """The maps of the last node; with deep supervision those of every node of the top level after the first."""
        levels = len(self.config.dims)
        check_channels(image, self.config.in_channels)
        check_multiple(image, 2 ** (levels - 1))
        rows: list[list[Tensor]] = []  # rows[i][j] is x^{i,j}
        for depth in range(levels):
            features = F.max_pool2d(rows[depth - 1][0], 2) if depth else image
            rows.append([self.nodes[f"{depth}_0"](features)])
        for step in range(1, levels):
            for depth in range(levels - step):
                seen = [*rows[depth], enlarged(rows[depth + 1][step - 1])]
                rows[depth].append(self.nodes[f"{depth}_{step}"](torch.cat(seen, dim=1)))
        last = rows[0][1:] if self.config.deep_supervision else rows[0][-1:]
        maps = [head(features) for head, features in zip(self.heads, last, strict=True)]
        if self.config.residual:
            maps = [image + one for one in maps]
        return maps if self.config.deep_supervision else maps[0]


class ConvBlock(nn.Module):
    """Convolution, batch norm, ReLU, twice: H of Eq. 1."""

    def __init__(self, in_channels: int, dim: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(in_channels, dim, 3, padding=1), nn.BatchNorm2d(dim)
        self.conv2, self.norm2 = nn.Conv2d(dim, dim, 3, padding=1), nn.BatchNorm2d(dim)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """Features of the same size."""
        features = F.relu(self.norm1(self.conv1(features)))
        return F.relu(self.norm2(self.conv2(features)))


def enlarged(features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d hh ww"]:
    """Twice as high and wide, bilinear between the centres of the corner pixels: U of Eq. 1."""
    return F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=True)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = NestedUNet, NestedUNetConfig
PRESETS: Mapping[str, NestedUNetConfig] = {
    "segmentation": NestedUNetConfig(),
    "segmentation_deep": NestedUNetConfig(deep_supervision=True),
    "low_field": NestedUNetConfig(in_channels=1, residual=True),
    "tiny": NestedUNetConfig(dims=(4, 6, 8)),
    "tiny_residual": NestedUNetConfig(in_channels=1, dims=(4, 6), deep_supervision=True, residual=True),
}
PARAMETERS: Mapping[str, int] = {
    "segmentation": 9_163_329,
    "segmentation_deep": 9_163_428,
    "low_field": 9_162_753,
    "tiny": 4_229,
    "tiny_residual": 1_313,
}
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "segmentation": ((1, 3, 96, 96), 4.8495),
    "segmentation_deep": ((1, 3, 96, 96), 4.8504),
}


def example(config: NestedUNetConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small image whose sides the levels divide."""
    rows, columns = ((2, 3), (3, 2), (1, 4))[step]
    factor = 2 ** (len(config.dims) - 1)
    return (torch.rand(batch, config.in_channels, rows * factor, columns * factor),)


def PUBLISHED_NAMES(config: NestedUNetConfig) -> tuple[tuple[str, str], ...]:  # noqa: N802
    """With deep supervision the heads are numbered from one."""
    heads = (
        tuple((rf"^heads\.{i}\.", f"final{i + 1}.") for i in range(len(config.dims) - 1))
        if config.deep_supervision
        else ((r"^heads\.0\.", "final."),)
    )
    return ((r"^nodes\.", "conv"), (r"\.norm(\d)\.", r".bn\1."), *heads)


GOLDENS: Mapping[str, NestedUNetConfig] = {"nested_unet": PRESETS["segmentation"]}
PUBLISHED_SIZES = {
    "segmentation": ("9.04M", "the official Keras README, another upsampling and no batch norm")
}
ORIGIN, LICENCE = "4uiiurz1/pytorch-nested-unet", "MIT"
BAD = (
    ({"shape": (1, 1, 16, 16)}, (3, 1)),
    ({"shape": (1, 3, 16, 18)}, (18, 4)),
    ({"residual": True}, (3, 1)),
)
NOT_A_PICTURE = "a picture of which it segments one class, or a slice that it moves to another field strength"
