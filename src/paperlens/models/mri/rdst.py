"""RDST: densely connected Swin blocks, for MR super-resolution at a third of SwinIR's size.

Zhu et al., "A Residual Dense Vision Transformer for Medical Image Super-Resolution with Segmentation-based
Perceptual Loss Fine-tuning", MedIA 2023, arXiv:2302.11184v1.

Input    low-resolution slice, float, divided by the volume's maximum   b c h w    whose sides the window divides
Output   super-resolved slice, same range                               b c (h scale) (w scale)

Symbols (paper -> code)
    C  width                      dim        G  growth: channels that a dense layer adds   growth
    RDTB / residual dense block   blocks     dense layers of each block                    layers
    M  window side                window_size
Departures: none; the published stochastic depth is a setting that its code never passes on, so there is none.
Quirks kept: a frozen 1x1 convolution before and after, meant for a data mean, is the identity (four of the
    parameters); the sides are not padded; the shift mask is -100.
Published size: 38% of SwinIR's parameters (abstract); counted 4,464,965 for x4, 38.0% of 11.75M, of which
    4,464,961 are trained, all live; 6.78 G multiply-accumulates for a slice of 40 by 32.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.upsample import SubPixelUpsample
from paperlens.layers.window_attention import SwinBlock, shift_mask
from paperlens.models.facts import Picture
from paperlens.ops.check import check_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class RDSTConfig:
    """The defaults are RDST-E1 x4."""

    in_channels: int = 1
    scale: int = 4
    dim: int = 60
    growth: int = 30
    layers: tuple[int, ...] = (3,) * 8  # dense layers of each block
    depth: int = 2  # Swin blocks of a dense layer
    num_heads: int = 6
    window_size: int = 8
    mlp_ratio: float = 2.0


class RDST(nn.Module):
    """Shallow convolution, residual dense Swin blocks, long skip, pixel shuffle."""

    def __init__(self, config: RDSTConfig) -> None:
        super().__init__()
        self.config = config
        self.sub_mean = mean_shift(config.in_channels)
        self.shallow = nn.Conv2d(config.in_channels, config.dim, 3, padding=1)
        self.embedding_norm = nn.LayerNorm(config.dim)
        self.blocks = nn.ModuleList(ResidualDenseBlock(config, count) for count in config.layers)
        self.norm = nn.LayerNorm(config.dim)
        self.conv_after_body = nn.Conv2d(config.dim, config.dim, 3, padding=1)
        self.upsample = SubPixelUpsample(config.dim, config.scale)
        self.last = nn.Conv2d(config.dim, config.in_channels, 3, padding=1)
        self.add_mean = mean_shift(config.in_channels)

    def forward(self, low_res: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c sh sw"]:
        """The slice `scale` times as high and wide; ValueError for a side that the window does not divide."""
        check_channels(low_res, self.config.in_channels, "slice")
        shallow = self.shallow(self.sub_mean(low_res))
        tokens = self.embedding_norm(rearrange(shallow, "b d h w -> b h w d"))
        mask = shift_mask(tokens, self.config.window_size, self.config.window_size // 2)
        for block in self.blocks:
            tokens = block(tokens, mask)
        features = self.conv_after_body(rearrange(self.norm(tokens), "b h w d -> b d h w")) + shallow
        return self.add_mean(self.last(self.upsample(features)))


class ResidualDenseBlock(nn.Module):
    """Dense layers that each see all before them, fused by a convolution, and a residual."""

    def __init__(self, config: RDSTConfig, count: int) -> None:
        super().__init__()
        dims = [config.dim + i * config.growth for i in range(count + 1)]
        self.layers = nn.ModuleList(DenseLayer(config, dim) for dim in dims[:-1])
        self.conv = nn.Conv2d(dims[-1], config.dim, 3, padding=1)

    def forward(
        self, tokens: Float[Tensor, "b h w d"], mask: Float[Tensor, "windows 1 n n"] | None
    ) -> Float[Tensor, "b h w d"]:
        """`mask` belongs to the shifted blocks."""
        features = tokens
        for layer in self.layers:
            features = torch.cat([features, layer(features, mask)], dim=-1)
        fused = self.conv(rearrange(features, "b h w d -> b d h w"))
        return tokens + rearrange(fused, "b d h w -> b h w d")


class DenseLayer(nn.Module):
    """Swin blocks, then a norm and a projection to `growth` new channels."""

    def __init__(self, config: RDSTConfig, dim: int) -> None:
        super().__init__()
        window = config.window_size
        self.blocks = nn.ModuleList(
            SwinBlock(dim, config.num_heads, window, window // 2 if i % 2 else 0, config.mlp_ratio)
            for i in range(config.depth)
        )
        self.norm = nn.LayerNorm(dim)
        self.projection = nn.Linear(dim, config.growth)

    def forward(
        self, tokens: Float[Tensor, "b h w d"], mask: Float[Tensor, "windows 1 n n"] | None
    ) -> Float[Tensor, "b h w g"]:
        """The new channels alone."""
        for block in self.blocks:
            tokens = block(tokens, mask)
        return self.projection(self.norm(tokens))


def mean_shift(channels: int) -> nn.Conv2d:
    """Published so: a frozen 1x1 convolution for a data mean, which is none here."""
    shift = nn.Conv2d(channels, channels, 1)
    with torch.no_grad():
        shift.weight.copy_(rearrange(torch.eye(channels), "o i -> o i 1 1"))
    nn.init.constant_(shift.get_parameter("bias"), 0.0)
    return shift.requires_grad_(False)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = RDST, RDSTConfig
PRESETS: Mapping[str, RDSTConfig] = {
    "e1_x2": RDSTConfig(scale=2),
    "e1_x4": RDSTConfig(),
    "tiny": RDSTConfig(scale=2, dim=12, growth=6, layers=(2, 2), num_heads=2, window_size=4),
}
PARAMETERS: Mapping[str, int] = {"e1_x2": 4_335_125, "e1_x4": 4_464_965, "tiny": 29_613}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "e1_x2": ((1, 1, 40, 40), 7.634),
    "e1_x4": ((1, 1, 40, 32), 6.7791),
}
ORIGIN, LICENCE = "GinZhu/RDST", "none stated"
CALL = Picture(
    multiple=lambda config: config.window_size, note="White is taken to be the maximum of the volume."
)
BAD = [
    ({"shape": (1, 1, 8, 10)}, (4, 10)),
    ({"growth": 5}, (2, 17)),
]


def example(config: RDSTConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small slice whose sides are multiples of the window."""
    rows, columns = ((2, 3), (3, 2), (1, 4))[step]
    size = (rows * config.window_size, columns * config.window_size)
    return (torch.rand(batch, config.in_channels, *size),)


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^shallow\.", "head."),
    (r"^embedding_norm\.", "patch_embed.norm."),
    (r"^blocks\.(\d+)\.layers\.(\d+)\.norm\.", r"body.\1.body.\2.tail.0."),
    (r"^blocks\.(\d+)\.layers\.(\d+)\.projection\.", r"body.\1.body.\2.tail.1."),
    (r"^blocks\.(\d+)\.layers\.(\d+)\.blocks\.", r"body.\1.body.\2.body.blocks."),
    (r"^blocks\.(\d+)\.conv\.", r"body.\1.conv."),
    (r"\.attention\.bias_table$", ".attn.relative_position_bias_table"),
    (r"\.attention\.qkv\.", ".attn.qkv."),
    (r"\.attention\.projection\.", ".attn.proj."),
    (r"\.mlp\.expand\.", ".mlp.fc1."),
    (r"\.mlp\.contract\.", ".mlp.fc2."),
    (r"^upsample\.", "tail.0."),
    (r"^last\.", "tail.1."),
)
PUBLISHED_BUFFERS = (r".*\.attn\.relative_position_index", r".*\.attn_mask")
GOLDENS: Mapping[str, RDSTConfig] = {"rdst_e1_x2": PRESETS["e1_x2"], "rdst_e1_x4": PRESETS["e1_x4"]}
HEAVY = (
    "rdst_e1_x2",
    "rdst_e1_x4",
)
