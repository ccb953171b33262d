"""HAT: channel attention and overlapping windows activate more pixels.

Chen et al., "Activating More Pixels in Image Super-Resolution Transformer", CVPR 2023, arXiv:2205.04437v3.

Input    low-resolution RGB image, float, 0..1             b c h w   whose sides the window divides
Output   super-resolved image, same range                  b c (h scale) (w scale)

Symbols (paper -> code)
    C  width                    dim              alpha  weight of CAB       conv_scale
    M  window side              window_size      beta   squeeze of CAB      compress_ratio
    gamma  overlap              overlap_ratio    M_o = (1 + gamma) M        key_size
    N_1 groups (RHAG), N_2 blocks (HAB) in each  len(depths), depths[i]
Departures: stochastic depth (0.1 while training in the published code) is left out; none at evaluation.
Quirks kept: the relative position of an overlapping key is offset by M - M_o + 1, so that most rows of the
    table are counted from its end; keys outside the map are zeros that the softmax still sees; the sides are
    not padded here.
Published size: 9.6M HAT-S, 20.8M HAT, 102.4 G multiply-accumulates for 64x64 (README); counted 9,621,183,
    20,772,507, HAT-L 40,846,575, all live, and 103.88 G with the attention products (18.7).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.channel_attention import ChannelAttention
from paperlens.layers.initialise import truncated_normal
from paperlens.layers.mean_shift import div2k_mean
from paperlens.layers.mlp import Mlp
from paperlens.layers.overlapping_attention import OverlappingAttention
from paperlens.layers.reconstruction import PixelShuffleHead
from paperlens.layers.window_attention import WindowAttention, shift_mask
from paperlens.models.facts import Picture
from paperlens.ops.check import check_channels
from paperlens.ops.windows import from_windows, shift, to_windows

Tokens = Float[Tensor, "b h w d"]
Mask = Float[Tensor, "windows 1 n n"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HATConfig:
    """One row of Sec. 4.1; the defaults are HAT x4."""

    in_channels: int = 3
    scale: int = 4
    dim: int = 180
    depths: tuple[int, ...] = (6, 6, 6, 6, 6, 6)
    num_heads: int = 6
    window_size: int = 16
    overlap_ratio: float = 0.5
    mlp_ratio: float = 2.0
    compress_ratio: int = 3
    squeeze_factor: int = 30
    conv_scale: float = 0.01
    head_dim: int = 64
    value_range: float = 1.0


class HAT(nn.Module):
    """Shallow convolution, residual hybrid attention groups, long skip, pixel shuffle (Fig. 4)."""

    mean: Tensor

    def __init__(self, config: HATConfig) -> None:
        super().__init__()
        self.config = config
        self.shallow = nn.Conv2d(config.in_channels, config.dim, 3, padding=1)
        self.embedding_norm = nn.LayerNorm(config.dim)
        self.groups = nn.ModuleList(ResidualHybridGroup(config, depth) for depth in config.depths)
        self.norm = nn.LayerNorm(config.dim)
        self.conv_after_body = nn.Conv2d(config.dim, config.dim, 3, padding=1)
        self.head = PixelShuffleHead(config.dim, config.head_dim, config.in_channels, config.scale)
        self.register_buffer("mean", div2k_mean(config.in_channels), persistent=False)
        self.apply(truncated_normal)

    def forward(self, low_res: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c sh sw"]:
        """The image `scale` times as high and wide; ValueError for a side that the window does not divide."""
        check_channels(low_res, self.config.in_channels)
        image = (low_res - self.mean) * self.config.value_range
        shallow = self.shallow(image)
        tokens = self.embedding_norm(rearrange(shallow, "b d h w -> b h w d"))
        mask = shift_mask(tokens, self.config.window_size, self.config.window_size // 2)
        for group in self.groups:
            tokens = group(tokens, mask)
        deep = rearrange(self.norm(tokens), "b h w d -> b d h w")
        restored = self.head(self.conv_after_body(deep) + shallow)
        return restored / self.config.value_range + self.mean


class ResidualHybridGroup(nn.Module):
    """RHAG: hybrid blocks, every second one shifted, an overlapping one, a convolution, a skip (Sec. 3.2)."""

    def __init__(self, config: HATConfig, depth: int) -> None:
        super().__init__()
        half = config.window_size // 2
        self.blocks = nn.ModuleList(HybridBlock(config, half if i % 2 else 0) for i in range(depth))
        self.overlap = OverlappingBlock(config)
        self.conv = nn.Conv2d(config.dim, config.dim, 3, padding=1)

    def forward(self, tokens: Tokens, mask: Mask) -> Tokens:
        """`mask` belongs to the shifted blocks."""
        features = tokens
        for block in self.blocks:
            features = block(features, mask)
        features = self.conv(rearrange(self.overlap(features), "b h w d -> b d h w"))
        return tokens + rearrange(features, "b d h w -> b h w d")


class HybridBlock(nn.Module):
    """HAB: z' = (S)W-MSA(LN(z)) + alpha CAB(LN(z)) + z;  z = MLP(LN(z')) + z' (Eq. 1)."""

    def __init__(self, config: HATConfig, offset: int) -> None:
        super().__init__()
        self.window_size, self.offset, self.conv_scale = config.window_size, offset, config.conv_scale
        self.norm1 = nn.LayerNorm(config.dim)
        self.attention = WindowAttention(config.dim, config.num_heads, config.window_size)
        self.conv_block = ChannelAttentionBlock(config.dim, config.compress_ratio, config.squeeze_factor)
        self.norm2 = nn.LayerNorm(config.dim)
        self.mlp = Mlp(config.dim, int(config.dim * config.mlp_ratio))

    def forward(self, features: Tokens, mask: Mask) -> Tokens:
        """The convolution sees the map as it lies, the attention the shifted one."""
        height, width = features.shape[1:3]
        normed = self.norm1(features)
        windows = to_windows(shift(normed, self.offset), self.window_size)
        attended = self.attention(windows, mask if self.offset else None)
        attended = shift(from_windows(attended, height, width), -self.offset)
        features = torch.add(features + attended, self.conv_block(normed), alpha=self.conv_scale)
        return features + self.mlp(self.norm2(features))


class ChannelAttentionBlock(nn.Module):
    """CAB: two convolutions with a narrow middle, then a gate for every channel from its mean (Sec. 3.2)."""

    def __init__(self, dim: int, compress_ratio: int, squeeze_factor: int) -> None:
        super().__init__()
        self.compress = nn.Conv2d(dim, dim // compress_ratio, 3, padding=1)
        self.expand = nn.Conv2d(dim // compress_ratio, dim, 3, padding=1)
        self.channel_attention = ChannelAttention(dim, dim // squeeze_factor)

    def forward(self, features: Tokens) -> Tokens:
        """The shape stays."""
        features = rearrange(features, "b h w d -> b d h w")
        features = self.channel_attention(self.expand(F.gelu(self.compress(features))))
        return rearrange(features, "b d h w -> b h w d")


class OverlappingBlock(nn.Module):
    """OCAB: z' = OCA(LN(z)) + z;  z = MLP(LN(z')) + z'. Nothing is shifted or masked (Sec. 3.2)."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__()
        key_size = int((1 + config.overlap_ratio) * config.window_size)  # Eq. 3
        self.norm1 = nn.LayerNorm(config.dim)
        self.attention = OverlappingAttention(config.dim, config.num_heads, config.window_size, key_size)
        self.norm2 = nn.LayerNorm(config.dim)
        self.mlp = Mlp(config.dim, int(config.dim * config.mlp_ratio))

    def forward(self, features: Tokens) -> Tokens:
        """The shape stays."""
        features = features + self.attention(self.norm1(features))
        return features + self.mlp(self.norm2(features))


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = HAT, HATConfig
PRESETS: Mapping[str, HATConfig] = {
    "s_x4": HATConfig(dim=144, compress_ratio=24, squeeze_factor=24),
    "base_x4": HATConfig(),
    "l_x4": HATConfig(depths=(6,) * 12),
    "tiny": HATConfig(
        scale=2, dim=12, depths=(2, 2), num_heads=2, window_size=4, squeeze_factor=4, head_dim=8
    ),
}
PARAMETERS: Mapping[str, int] = {"s_x4": 9_621_183, "base_x4": 20_772_507, "l_x4": 40_846_575, "tiny": 20_023}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "s_x4": ((1, 3, 64, 64), 54.6195),
    "base_x4": ((1, 3, 64, 64), 103.88),
    "l_x4": ((1, 3, 64, 64), 202.99),
}
PUBLISHED_SIZES = {
    "s_x4": ("9.6M", "README"),
    "base_x4": ("20.8M", "README"),
    "l_x4": ("40.8M", "unverified"),
}
ORIGIN, LICENCE = "XPixelGroup/HAT", "Apache-2.0"
CALL = Picture(multiple=lambda config: config.window_size, tile=128)
BAD = [
    ({"shape": (1, 3, 16, 18)}, (4, 18)),
    ({"shape": (1, 1, 16, 16)}, (1, 3)),
    ({"num_heads": 5}, (5, 12)),
    ({"overlap_ratio": 0.25, "shape": (1, 3, 16, 16)}, (5, 4)),
]


def example(config: HATConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small image whose sides are multiples of the window."""
    rows, columns = ((2, 3), (3, 2), (1, 4))[step]
    size = (rows * config.window_size, columns * config.window_size)
    return (torch.rand(batch, config.in_channels, *size),)


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^shallow\.", "conv_first."),
    (r"^embedding_norm\.", "patch_embed.norm."),
    (r"^groups\.(\d+)\.blocks\.", r"layers.\1.residual_group.blocks."),
    (r"\.overlap\.attention\.", ".overlap."),
    (r"^groups\.(\d+)\.overlap\.", r"layers.\1.residual_group.overlap_attn."),
    (r"^groups\.(\d+)\.conv\.", r"layers.\1.conv."),
    (r"\.mlp\.expand\.", ".mlp.fc1."),
    (r"\.mlp\.contract\.", ".mlp.fc2."),
    (r"\.bias_table$", ".relative_position_bias_table"),
    (r"\.projection\.", ".proj."),
    (r"\.attention\.", ".attn."),
    (r"\.conv_block\.compress\.", ".conv_block.cab.0."),
    (r"\.conv_block\.expand\.", ".conv_block.cab.2."),
    (r"\.conv_block\.channel_attention\.squeeze\.", ".conv_block.cab.3.attention.1."),
    (r"\.conv_block\.channel_attention\.excite\.", ".conv_block.cab.3.attention.3."),
    (r"^head\.reduce\.", "conv_before_upsample.0."),
    (r"^head\.upsample\.", "upsample."),
    (r"^head\.last\.", "conv_last."),
)
PUBLISHED_BUFFERS = (r"relative_position_index_(SA|OCA)",)
GOLDENS: Mapping[str, HATConfig] = {
    "hat_s_x4": PRESETS["s_x4"],
    "hat_x4": PRESETS["base_x4"],
    "hat_l_x4": PRESETS["l_x4"],
}
HEAVY = (
    "hat_l_x4",
    "hat_s_x4",
    "hat_x4",
)
