"""MHCA: attention made of convolutions, over channels and over neighbourhoods of 3 and 5 pixels at once.

Georgescu et al., "Multimodal Multi-Head Convolutional Attention with Various Kernel Sizes for Medical Image
Super-Resolution", WACV 2023, arXiv:2204.04218v3. The form for two contrasts is mmhca.py.

Input    one low-resolution slice     b 1 h w
Output   the slice enlarged           b 1 (h scale) (w scale)

Symbols (paper -> code)
    r    reduction    ratio       h    heads    num_heads      k    kernel of a head    1, 3, 5
Departures: none. Quirks kept: the released ratio 0.5 *expands* (channels are divided by it); attention acts after each
    block's skip and once more after the long skip; with two heads, all 5x5 heads are built and never used; two mean
    shifts for colour are stored and never applied.
Published size: none in the paper. Counted: x2 11,125,849, x4 11,273,561 (live 4,307,073), each with 24 frozen values.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.convolutional_attention import ConvolutionalAttention
from paperlens.layers.mean_shift import DIV2K_MEAN, MeanShift
from paperlens.layers.residual import ResidualBlock
from paperlens.layers.upsample import SubPixelUpsample
from paperlens.models.facts import Picture
from paperlens.ops.check import check_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class MHCAConfig:
    """Attention in every block of an EDSR; the defaults are published x2."""

    scale: int = 2
    dim: int = 64
    depth: int = 16
    num_heads: int = 3
    ratio: float = 0.5
    residual_scale: float = 0.1


class MHCA(nn.Module):
    """EDSR whose every block ends in attention."""

    def __init__(self, config: MHCAConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.head = nn.Conv2d(1, dim, 3, padding=1)
        self.body = nn.Sequential(*(AttentiveBlock(config) for _ in range(config.depth)), conv(dim))
        self.attention = ConvolutionalAttention(dim, config.num_heads, config.ratio)
        self.upsample = SubPixelUpsample(dim, config.scale)
        self.last = nn.Conv2d(dim, 1, 3, padding=1)
        self.sub_mean, self.add_mean = MeanShift(DIV2K_MEAN), MeanShift(DIV2K_MEAN, sign=1)  # stored, unused

    def forward(self, low_res: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 1 sh sw"]:
        """The slice, `scale` times as high and wide."""
        check_channels(low_res, 1, "slice")
        shallow = self.head(low_res)
        return self.last(self.upsample(self.attention(self.body(shallow) + shallow)))


class AttentiveBlock(nn.Module):
    """A residual block, then attention over its sum."""

    def __init__(self, config: MHCAConfig) -> None:
        super().__init__()
        self.block = ResidualBlock(config.dim, config.residual_scale)
        self.attention = ConvolutionalAttention(config.dim, config.num_heads, config.ratio)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        return self.attention(self.block(features))


def conv(dim: int) -> nn.Conv2d:
    """The convolution that ends a body."""
    return nn.Conv2d(dim, dim, 3, padding=1)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = MHCA, MHCAConfig
PRESETS: Mapping[str, MHCAConfig] = {
    "x2": MHCAConfig(),
    "x4": MHCAConfig(scale=4, num_heads=2),
    "tiny": MHCAConfig(dim=8, depth=2),
}
PARAMETERS: Mapping[str, int] = {"x2": 11_125_849, "x4": 11_273_561, "tiny": 32_529}
# Multiply-accumulates in G for one 40 x 40 slice.
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "x2": (((1, 1, 40, 40),), 15.2767),
    "x4": (((1, 1, 40, 40),), 7.2071),
}
ORIGIN, LICENCE = "lilygeorgescu/MHCA", "CC BY-NC-SA 4.0"
CALL = Picture(
    channels=lambda config: 1,  # its class knows one alone
    value_range=255.0,
    note="The authors do not say which range their slices have: 0 to 255 is assumed.",
)
BAD = [
    ({"num_heads": 4}, (4, 3)),
    ({"shape": (1, 3, 8, 8)}, (1, 3)),
]


def example(config: MHCAConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small slice."""
    height, width = ((8, 12), (9, 7), (5, 14))[step]
    return (torch.rand(batch, 1, height, width),)


# Our names -> the published ones; see models/published.py.
_HEADS = ("channel_attention", "spatial_attention", "spatial_attention_2")
PUBLISHED_NAMES = (
    *((rf"attention\.shrink\.{i}\.", f"{name}.0.") for i, name in enumerate(_HEADS)),
    *((rf"attention\.grow\.{i}\.", f"{name}.2.") for i, name in enumerate(_HEADS)),
    (r"^body\.(\d+)\.block\.conv1\.", r"body.\1.body.0."),
    (r"^body\.(\d+)\.block\.conv2\.", r"body.\1.body.2."),
    (r"^head\.", "head.0."),
    (r"^upsample\.", "tail.0."),
    (r"^last\.", "tail.1."),
)


def dead(config: MHCAConfig) -> tuple[str, ...]:
    """The heads beyond `num_heads`."""
    return tuple(rf"(.*\.)?{name}\.[02]\..*" for name in _HEADS[config.num_heads :])


GOLDENS: Mapping[str, MHCAConfig] = {"mhca_x2_edsr": PRESETS["x2"], "mhca_x4_edsr": PRESETS["x4"]}
HEAVY = ("mhca_x2_edsr", "mhca_x4_edsr")
