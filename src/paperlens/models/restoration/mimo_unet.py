"""MIMO-UNet: from coarse to fine in one U-Net with three inputs and three outputs.

Cho et al., "Rethinking Coarse-to-Fine Approach in Single Image Deblurring", ICCV 2021, arXiv:2108.05054.

Input    blurred RGB image, float, 0..1               b c h w      sides: multiples of 4
Output   restored images at 1/4, 1/2 and full size    b c (h/4) (w/4),  b c (h/2) (w/2),  b c h w

Symbols (paper -> code)
    B_k  input of level k     images        EB_k  encoder block     encoder[k-1]
    S_k  output of level k    restored      DB_k  decoder block     decoder[3-k]
    SCM  shallow features of a small input  FAM   they join the encoder      AFF   all scales in one skip
Departures: none.
Quirks kept: every resize takes the nearest pixel, the even one where it halves. The plus version drops whole
    channels of the fused skips while training.
Published size: 6.8M and 16.1M (unverified), 67.17 and 154.41 G (unverified); counted 6,807,171 and 16,107,651, all
    live, and 63.73 and 150.71 G multiply-accumulates at 256x256.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.conv_relu import conv_relu
from paperlens.layers.residual import ResidualBlock
from paperlens.models.facts import Picture
from paperlens.ops.check import check_channels, check_multiple

LEVELS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MIMOUNetConfig:
    """The defaults are MIMO-UNet; the plus version has 20 residual blocks a level."""

    in_channels: int = 3
    dim: int = 32
    depth: int = 8
    dropout: float = 0.0


class MIMOUNet(nn.Module):
    """One encoder that meets three inputs, one decoder that gives three images, fused skips (Sec. 3)."""

    def __init__(self, config: MIMOUNetConfig) -> None:
        super().__init__()
        self.config = config
        channels, dims = config.in_channels, [config.dim * 2**i for i in range(LEVELS)]
        self.intro = conv_relu(channels, dims[0], 3)
        self.down = nn.ModuleList(conv_relu(dim, 2 * dim, 3, stride=2) for dim in dims[:-1])
        self.shallow = nn.ModuleList(ShallowConvolution(channels, dim) for dim in dims[1:])
        self.attention = nn.ModuleList(FeatureAttention(dim) for dim in dims[1:])
        self.encoder = nn.ModuleList(residual_blocks(dim, config.depth) for dim in dims)
        self.fusion = nn.ModuleList(AsymmetricFusion(sum(dims), dim) for dim in dims[:-1])
        self.drop = nn.Dropout2d(config.dropout)
        self.decoder = nn.ModuleList(residual_blocks(dim, config.depth) for dim in dims[::-1])
        self.up = nn.ModuleList(
            nn.Sequential(nn.ConvTranspose2d(dim, dim // 2, 4, stride=2, padding=1), nn.ReLU())
            for dim in dims[:0:-1]
        )
        self.merge = nn.ModuleList(conv_relu(dim, dim // 2, 1) for dim in dims[:0:-1])
        self.to_image = nn.ModuleList(nn.Conv2d(dim, channels, 3, padding=1) for dim in dims[::-1])

    def forward(self, degraded: Float[Tensor, "b c h w"]) -> list[Float[Tensor, "b c y x"]]:
        """The restored images, from the smallest to the full one."""
        check_channels(degraded, self.config.in_channels)
        check_multiple(degraded, 2 ** (LEVELS - 1))
        images = [degraded, resize(degraded, 0.5), resize(degraded, 0.25)]
        encoded = [self.encoder[0](self.intro(degraded))]
        for i in range(LEVELS - 1):  # Sec. 3.1: multi-input single encoder
            features = self.attention[i](self.down[i](encoded[-1]), self.shallow[i](images[i + 1]))
            encoded.append(self.encoder[i + 1](features))
        skips = [self.drop(self.fusion[i](self._at(encoded, i))) for i in range(LEVELS - 1)]  # Sec. 3.3
        features, restored = self.decoder[0](encoded[-1]), []
        for i in range(LEVELS - 1):  # Sec. 3.2: multi-output single decoder
            restored.append(self.to_image[i](features) + images[-1 - i])
            merged = self.merge[i](torch.cat([self.up[i](features), skips[-1 - i]], dim=1))
            features = self.decoder[i + 1](merged)
        return [*restored, self.to_image[-1](features) + degraded]

    @staticmethod
    def _at(encoded: list[Tensor], level: int) -> list[Tensor]:
        """The maps of all levels in the size of one."""
        return [resize(features, 2.0 ** (i - level)) for i, features in enumerate(encoded)]


class ShallowConvolution(nn.Module):
    """SCM: what a small input shows, beside itself (Sec. 3.1)."""

    def __init__(self, in_channels: int, dim: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv_relu(in_channels, dim // 4, 3),
            conv_relu(dim // 4, dim // 2, 1),
            conv_relu(dim // 2, dim // 2, 3),
            conv_relu(dim // 2, dim - in_channels, 1),
        )
        self.conv = nn.Conv2d(dim, dim, 1)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """Features of the encoder's width."""
        return self.conv(torch.cat([image, self.body(image)], dim=1))


class FeatureAttention(nn.Module):
    """FAM: x + conv(x * z); the small input's features z stress or quench the encoder's x (Sec. 3.1)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, padding=1)

    def forward(
        self, features: Float[Tensor, "b d h w"], shallow: Float[Tensor, "b d h w"]
    ) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        return features + self.conv(features * shallow)


class AsymmetricFusion(nn.Module):
    """AFF: the encoder's maps of all levels become the skip of one (Sec. 3.3)."""

    def __init__(self, in_channels: int, dim: int) -> None:
        super().__init__()
        self.narrow = conv_relu(in_channels, dim, 1)
        self.conv = nn.Conv2d(dim, dim, 3, padding=1)

    def forward(self, levels: list[Float[Tensor, "b _ h w"]]) -> Float[Tensor, "b d h w"]:
        """Maps of one size, from the finest level to the coarsest."""
        return self.conv(self.narrow(torch.cat(levels, dim=1)))


def residual_blocks(dim: int, depth: int) -> nn.Sequential:
    """The body of an encoder or a decoder block."""
    return nn.Sequential(*(ResidualBlock(dim) for _ in range(depth)))


def resize(features: Float[Tensor, "b d h w"], factor: float) -> Float[Tensor, "b d y x"]:
    """Nearest pixels; the map itself where the factor is one."""
    return features if factor == 1 else F.interpolate(features, scale_factor=factor, mode="nearest")


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = MIMOUNet, MIMOUNetConfig
PRESETS: Mapping[str, MIMOUNetConfig] = {
    "base": MIMOUNetConfig(),
    "plus": MIMOUNetConfig(depth=20, dropout=0.1),
    "tiny": MIMOUNetConfig(dim=8, depth=1),
}
PARAMETERS: Mapping[str, int] = {"base": 6_807_171, "plus": 16_107_651, "tiny": 88_291}
# Multiply-accumulates in G for one input of this shape.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "base": ((1, 3, 256, 256), 63.7328),
    "plus": ((1, 3, 256, 256), 150.7059),
}
PUBLISHED_SIZES = {"base": ("6.8M", "unverified"), "plus": ("16.1M", "unverified")}
ORIGIN, LICENCE = "chosj95/MIMO-UNet", "none"
CALL = Picture(multiple=lambda config: 2 ** (LEVELS - 1), output=2)
BAD = [
    ({"shape": (1, 3, 16, 18)}, (4, 18)),
    ({"shape": (1, 1, 16, 16)}, (1, 3)),
]


def example(config: MIMOUNetConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small image; sides are multiples of 4."""
    height, width = ((16, 24), (20, 12), (28, 36))[step]
    return (torch.rand(batch, config.in_channels, height, width),)


# Our names -> the published ones, applied in this order; modules of two levels are numbered from the coarsest there.
PUBLISHED_NAMES = (
    (r"^(encoder|decoder)\.(\d+)\.(\d+)\.conv1\.", r"\1.\2.layers.\3.main.0.main.0."),
    (r"^(encoder|decoder)\.(\d+)\.(\d+)\.conv2\.", r"\1.\2.layers.\3.main.1.main.0."),
    (r"^encoder\.", "Encoder."),
    (r"^decoder\.", "Decoder."),
    (r"^intro\.0\.", "feat_extract.0.main.0."),
    (r"^down\.0\.0\.", "feat_extract.1.main.0."),
    (r"^down\.1\.0\.", "feat_extract.2.main.0."),
    (r"^up\.0\.0\.", "feat_extract.3.main.0."),
    (r"^up\.1\.0\.", "feat_extract.4.main.0."),
    (r"^to_image\.2\.", "feat_extract.5.main.0."),
    (r"^to_image\.(\d)\.", r"ConvsOut.\1.main.0."),
    (r"^merge\.(\d)\.0\.", r"Convs.\1.main.0."),
    (r"^fusion\.(\d)\.narrow\.0\.", r"AFFs.\1.conv.0.main.0."),
    (r"^fusion\.(\d)\.conv\.", r"AFFs.\1.conv.1.main.0."),
    (r"^attention\.1\.conv\.", "FAM1.merge.main.0."),
    (r"^attention\.0\.conv\.", "FAM2.merge.main.0."),
    (r"^shallow\.1\.", "SCM1."),
    (r"^shallow\.0\.", "SCM2."),
    (r"^(SCM\d)\.body\.(\d)\.0\.", r"\1.main.\2.main.0."),
    (r"^(SCM\d)\.conv\.", r"\1.conv.main.0."),
)
GOLDENS: Mapping[str, MIMOUNetConfig] = {"mimo_unet": PRESETS["base"], "mimo_unet_plus": PRESETS["plus"]}
HEAVY = ("mimo_unet_plus",)
