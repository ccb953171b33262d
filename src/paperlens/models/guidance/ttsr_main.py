"""TTSR's main network: transferred texture joins the image at three scales that keep exchanging features.

Yang et al., "Learning Texture Transformer Network for Image Super-Resolution", CVPR 2020, arXiv:2006.04139v2,
Sec. 3.2.

Input    low-resolution image in -1..1             b 3 h w
         soft attention S                          b 1 h w
         textures at 1x, 2x and 4x                 b 256 h w, b 128 2h 2w, b 64 4h 4w
Output   image in -1..1                            b 3 4h 4w

Symbols (paper -> code)
    F    image features   x1 x2 x4        T   texture    texture1 texture2 texture4
    CSFI                  Exchange2, Exchange3          RBs   Chain
Departures: none. Quirks kept: S multiplies a convolution of image features and texture together; the output is clamped.
Published size: none in the paper. Counted 6,174,275.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.conv_relu import conv_relu
from paperlens.layers.residual import ResidualBlock
from paperlens.ops.check import check_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class TTSRMainConfig:
    """The main network; the defaults are published. Depths: shallow, then each stage of Fig. 4."""

    dim: int = 64
    depths: tuple[int, int, int, int] = (16, 16, 8, 4)
    residual_scale: float = 1.0
    texture_dims: tuple[int, int, int] = (64, 128, 256)  # of T at 4x, 2x, 1x


class TTSRMain(nn.Module):
    """Stacked texture synthesis at 1x, 2x and 4x with cross-scale feature integration (Fig. 4)."""

    def __init__(self, config: TTSRMainConfig) -> None:
        super().__init__()
        self.config = config
        dim, scale, dims = config.dim, config.residual_scale, config.texture_dims
        shallow, first, second, third = config.depths
        self.shallow = ShallowFeatures(dim, shallow, scale)
        self.fuse1, self.fuse2, self.fuse4 = (nn.Conv2d(dim + d, dim, 3, padding=1) for d in reversed(dims))
        self.up2, self.up4 = (nn.Conv2d(dim, 4 * dim, 3, padding=1) for _ in range(2))
        self.exchange2, self.exchange3 = Exchange2(dim), Exchange3(dim)
        self.stage1 = nn.ModuleList([Chain(dim, first, scale)])
        self.stage2 = nn.ModuleList(Chain(dim, second, scale) for _ in range(2))
        self.stage3 = nn.ModuleList(Chain(dim, third, scale) for _ in range(3))
        self.merge = MergeTail(dim)

    def forward(
        self, low_res: Float[Tensor, "b c h w"], soft: Float[Tensor, "b s h w"], texture1: Float[Tensor, "b d1 h w"],
        texture2: Float[Tensor, "b d2 h2 w2"], texture4: Float[Tensor, "b d4 h4 w4"],
    ) -> Float[Tensor, "b 3 h4 w4"]:  # fmt: skip
        """The image from LR, S and the textures at 1x, 2x and 4x."""
        check_channels(low_res, 3)
        check_channels(soft, 1, "soft attention")
        for texture, dim in zip((texture4, texture2, texture1), self.config.texture_dims, strict=True):
            check_channels(texture, dim, "texture")
        x1 = blend(self.shallow(low_res), texture1, soft, self.fuse1)
        x1 = x1 + self.stage1[0](x1)
        x2 = blend(enlarge_learned(x1, self.up2), texture2, resize(soft, 2), self.fuse2)
        features = self.exchange2(x1, x2)
        x1, x2 = (x + chain(f) for x, f, chain in zip((x1, x2), features, self.stage2, strict=True))
        x4 = blend(enlarge_learned(x2, self.up4), texture4, resize(soft, 4), self.fuse4)
        features = self.exchange3(x1, x2, x4)
        x1, x2, x4 = (x + chain(f) for x, f, chain in zip((x1, x2, x4), features, self.stage3, strict=True))
        return self.merge(x1, x2, x4)


def blend(features: Tensor, texture: Tensor, soft: Tensor, fuse: nn.Module) -> Tensor:
    """F + Conv(F, T) * S: soft attention (Sec. 3.1)."""
    return features + fuse(torch.cat([features, texture], dim=1)) * soft


def enlarge_learned(features: Tensor, conv: nn.Module) -> Tensor:
    """Twice the size by convolution and pixel shuffle."""
    return F.relu(F.pixel_shuffle(conv(features), 2))


def resize(features: Tensor, scale: int) -> Tensor:
    """Bicubic enlargement, torch's kernel (a = -0.75)."""
    return F.interpolate(features, scale_factor=scale, mode="bicubic")


class Chain(nn.Module):
    """Residual blocks and a convolution; the caller adds the skip."""

    def __init__(self, dim: int, depth: int, residual_scale: float) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(ResidualBlock(dim, residual_scale) for _ in range(depth)))
        self.tail = nn.Conv2d(dim, dim, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """The shape stays."""
        return self.tail(self.blocks(features))


class ShallowFeatures(Chain):
    """Image to features, with its own skip."""

    def __init__(self, dim: int, depth: int, residual_scale: float) -> None:
        super().__init__(dim, depth, residual_scale)
        self.head = nn.Conv2d(3, dim, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """Features `b d h w`."""
        features = F.relu(self.head(image))
        return features + super().forward(features)


class Exchange2(nn.Module):
    """CSFI between 1x and 2x: each scale receives the other, resized."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv12, self.conv21 = conv_relu(dim, dim, 1), conv_relu(dim, dim, 3, 2)
        self.merge1, self.merge2 = conv_relu(2 * dim, dim), conv_relu(2 * dim, dim)

    def forward(self, x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
        """Both scales."""
        from1, from2 = self.conv12(resize(x1, 2)), self.conv21(x2)
        return self.merge1(torch.cat([x1, from2], 1)), self.merge2(torch.cat([x2, from1], 1))


class Exchange3(nn.Module):
    """CSFI between 1x, 2x and 4x."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv12, self.conv13, self.conv23 = (conv_relu(dim, dim, 1) for _ in range(3))
        self.conv21, self.conv32 = (conv_relu(dim, dim, 3, 2) for _ in range(2))
        self.conv31 = nn.Sequential(conv_relu(dim, dim, 3, 2), conv_relu(dim, dim, 3, 2))
        self.merge1, self.merge2, self.merge3 = (conv_relu(3 * dim, dim) for _ in range(3))

    def forward(self, x1: Tensor, x2: Tensor, x3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """All three scales."""
        return (
            self.merge1(torch.cat([x1, self.conv21(x2), self.conv31(x3)], 1)),
            self.merge2(torch.cat([x2, self.conv12(resize(x1, 2)), self.conv32(x3)], 1)),
            self.merge3(torch.cat([x3, self.conv13(resize(x1, 4)), self.conv23(resize(x2, 2))], 1)),
        )


class MergeTail(nn.Module):
    """All scales at 4x, then the image."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv13, self.conv23 = conv_relu(dim, dim, 1), conv_relu(dim, dim, 1)
        self.merge = conv_relu(3 * dim, dim)
        self.to_image = nn.Sequential(nn.Conv2d(dim, dim // 2, 3, padding=1), nn.Conv2d(dim // 2, 3, 1))

    def forward(self, x1: Tensor, x2: Tensor, x3: Tensor) -> Tensor:
        """The image in -1..1."""
        merged = self.merge(torch.cat([x3, self.conv13(resize(x1, 4)), self.conv23(resize(x2, 2))], 1))
        return self.to_image(merged).clamp(-1, 1)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = TTSRMain, TTSRMainConfig
PRESETS: Mapping[str, TTSRMainConfig] = {
    "published": TTSRMainConfig(),
    "tiny": TTSRMainConfig(dim=8, depths=(1, 1, 1, 1), texture_dims=(4, 6, 8)),
}
PARAMETERS: Mapping[str, int] = {"published": 6_174_275, "tiny": 33_131}
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "published": (
        ((1, 3, 40, 40), (1, 1, 40, 40), (1, 256, 40, 40), (1, 128, 80, 80), (1, 64, 160, 160)),
        32.86,
    )
}
ORIGIN, LICENCE = "researchmm/TTSR", "MIT"
NOT_A_PICTURE = "textures found in a reference picture: it is the inner network of ttsr"


def example(config: TTSRMainConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, ...]:
    """A small image, its attention and its textures."""
    height, width = ((6, 8), (5, 7), (9, 4))[step]
    scales = zip(reversed(config.texture_dims), (1, 2, 4), strict=True)
    textures = [torch.rand(batch, dim, height * s, width * s) for dim, s in scales]
    return (torch.rand(batch, 3, height, width) * 2 - 1, torch.rand(batch, 1, height, width), *textures)


# Our names -> the published ones; see models/published.py. Blocks of stage s at scale i are called RBsi there.
_STAGES = [(s, i) for s in (1, 2, 3) for i in range(s)]
PUBLISHED_NAMES = (
    (r"(^|\.)merge\.to_image\.0\.", r"\1merge_tail.conv_tail1."),
    (r"(^|\.)merge\.to_image\.1\.", r"\1merge_tail.conv_tail2."),
    (r"(^|\.)merge\.merge\.0\.", r"\1merge_tail.conv_merge."),
    (r"(^|\.)merge\.(conv\d+)\.0\.", r"\1merge_tail.\2."),
    (r"conv31\.0\.0\.", "conv31_1."),
    (r"conv31\.1\.0\.", "conv31_2."),
    (r"(exchange\d\.)merge(\d)\.0\.", r"\1conv_merge\2."),
    (r"(exchange\d\.conv\d+)\.0\.", r"\1."),
    (r"exchange2\.", "ex12."),
    (r"exchange3\.", "ex123."),
    (r"shallow\.blocks\.", "SFE.RBs."),
    (r"shallow\.(head|tail)\.", r"SFE.conv_\1."),
    *((rf"stage{s}\.{i}\.blocks\.", f"RB{s}{i + 1}.") for s, i in _STAGES),
    *((rf"stage{s}\.{i}\.tail\.", f"conv{s}{i + 1}_tail.") for s, i in _STAGES),
    (r"fuse1\.", "conv11_head."),
    (r"fuse2\.", "conv22_head."),
    (r"fuse4\.", "conv33_head."),
    (r"(^|\.)up2\.", r"\1conv12."),
    (r"(^|\.)up4\.", r"\1conv23."),
)
GOLDENS: Mapping[str, TTSRMainConfig] = {"ttsr_mainnet": PRESETS["published"]}
HEAVY = ("ttsr_mainnet",)
