"""SwinIR: shifted-window attention restores what a bicubic kernel cannot.

Liang et al., "SwinIR: Image Restoration Using Swin Transformer", ICCV Workshops 2021, arXiv:2108.10257v1
(equations and figures of that).

Input    degraded image, float, 0..1     b c h w      sides that reflection can fill to a multiple of M
Output   restored image, same range      b c (h scale) (w scale)

Symbols (paper -> code)
    C  width               dim            K  number of groups (RSTB)     len(depths)
    M  window side         window_size    L  blocks (STL) in a group     depths[i]
    F_0 shallow features   shallow        F_DF deep features     conv_after_body(deep(shallow))
                                          F_K  the last group's  deep(shallow)
    img_range (published)  value_range: the image is multiplied by it inside, 255 for JPEG
Departures: stochastic depth (0.1 while training in the published code) is left out. `bicubic_skip`, off by
    default, is the course's own: the last layer starts at zero and adds to a bicubic enlargement.
Quirks kept: a LayerNorm before the first group, which the paper does not draw; sides padded by reflection and
    cropped; a shift mask of -100, not minus infinity; the mean of DIV2K is subtracted from colour pictures only.
Published size: classical x4 11.9M (HAT's README), counted 11,900,199; light x2 878K (paper), counted 910,152.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.bicubic_skip import enlarge, start_at_zero
from paperlens.layers.initialise import truncated_normal
from paperlens.layers.mean_shift import div2k_mean
from paperlens.layers.reconstruction import DirectHead, NearestConvHead, PixelShuffleHead
from paperlens.layers.window_attention import SwinBlock, shift_mask
from paperlens.models.facts import Picture
from paperlens.ops.check import check_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class SwinIRConfig:
    """One row of Sec. 4.1; the defaults are classical super-resolution x2."""

    in_channels: int = 3
    scale: int = 2
    dim: int = 180
    depths: tuple[int, ...] = (6, 6, 6, 6, 6, 6)
    num_heads: int = 6
    window_size: int = 8
    mlp_ratio: float = 2.0
    value_range: float = 1.0
    group_conv: Literal["1conv", "3conv"] = "1conv"
    head: Literal["pixel_shuffle", "pixel_shuffle_direct", "nearest_conv", "residual"] = "pixel_shuffle"
    head_dim: int = 64
    bicubic_skip: bool = False


class SwinIR(nn.Module):
    """Shallow convolution, residual groups of Swin blocks, long skip, reconstruction (Fig. 2)."""

    mean: Tensor

    def __init__(self, config: SwinIRConfig) -> None:
        super().__init__()
        self.config = config
        self.shallow = nn.Conv2d(config.in_channels, config.dim, 3, padding=1)
        self.embedding_norm = nn.LayerNorm(config.dim)
        self.groups = nn.ModuleList(ResidualSwinGroup(config, depth) for depth in config.depths)
        self.norm = nn.LayerNorm(config.dim)
        self.conv_after_body = group_conv(config)
        self.head = reconstruction(config)
        self.register_buffer("mean", div2k_mean(config.in_channels), persistent=False)
        self.apply(truncated_normal)
        if config.bicubic_skip:
            start_at_zero(self.head)

    def forward(self, degraded: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c sh sw"]:
        """The restored image, `scale` times as high and wide."""
        check_channels(degraded, self.config.in_channels)
        height, width = degraded.shape[2:]
        image = (self._padded(degraded) - self.mean) * self.config.value_range
        shallow = self.shallow(image)  # Eq. 1
        deep = self.conv_after_body(self.deep(shallow))  # Eqs. 2 and 3
        restored = self.head(deep + shallow)  # Eq. 4
        if self.config.head == "residual":
            restored = restored + image  # Eq. 5
        scale = self.config.scale
        restored = restored[..., : height * scale, : width * scale] / self.config.value_range
        return restored + (enlarge(degraded, scale) if self.config.bicubic_skip else self.mean)

    def deep(self, shallow: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """F_K, what the last residual group makes of F_0, before the convolution that gives F_DF (Eq. 3)."""
        tokens = self.embedding_norm(rearrange(shallow, "b d h w -> b h w d"))
        mask = shift_mask(tokens, self.config.window_size, self.config.window_size // 2)
        for group in self.groups:
            tokens = group(tokens, mask)
        return rearrange(self.norm(tokens), "b h w d -> b d h w")

    def _padded(self, image: Tensor) -> Tensor:
        window = self.config.window_size
        below, right = (-side % window for side in image.shape[-2:])
        for name, side, pad in (("height", image.shape[-2], below), ("width", image.shape[-1], right)):
            if pad >= side:
                raise ValueError(
                    f"{name} {side} is too small to be reflected to a multiple of window_size {window}"
                )
        return F.pad(image, (0, right, 0, below), mode="reflect")


class ResidualSwinGroup(nn.Module):
    """RSTB: Swin blocks, every second one shifted, a convolution, a residual (Eqs. 8 and 9)."""

    def __init__(self, config: SwinIRConfig, depth: int) -> None:
        super().__init__()
        window = config.window_size
        self.blocks = nn.ModuleList(
            SwinBlock(config.dim, config.num_heads, window, window // 2 if i % 2 else 0, config.mlp_ratio)
            for i in range(depth)
        )
        self.conv = group_conv(config)

    def forward(
        self, tokens: Float[Tensor, "b h w d"], mask: Float[Tensor, "windows 1 n n"] | None
    ) -> Float[Tensor, "b h w d"]:
        """`mask` belongs to the shifted blocks."""
        features = tokens
        for block in self.blocks:
            features = block(features, mask)
        features = self.conv(rearrange(features, "b h w d -> b d h w"))
        return tokens + rearrange(features, "b d h w -> b h w d")


def group_conv(config: SwinIRConfig) -> nn.Module:
    """The convolution that ends a group: one 3x3, or the narrow stack of the large real-world model."""
    dim, narrow = config.dim, config.dim // 4
    if config.group_conv == "1conv":
        return nn.Conv2d(dim, dim, 3, padding=1)
    return nn.Sequential(
        nn.Conv2d(dim, narrow, 3, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(narrow, narrow, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(narrow, dim, 3, padding=1),
    )


def reconstruction(config: SwinIRConfig) -> nn.Module:
    """Features to the image: four ways for four tasks (Sec. 3.1, reconstruction)."""
    dim, channels, scale = config.dim, config.in_channels, config.scale
    match config.head:
        case "pixel_shuffle":
            return PixelShuffleHead(dim, config.head_dim, channels, scale)
        case "pixel_shuffle_direct":
            return DirectHead(dim, channels, scale)
        case "nearest_conv":
            return NearestConvHead(dim, config.head_dim, channels, scale)
        case "residual":
            if scale != 1:
                raise ValueError(f"the residual head keeps the size: scale must be 1, not {scale}")
            return nn.Conv2d(dim, channels, 3, padding=1)
    raise ValueError(f"no head is called {config.head!r}")


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = SwinIR, SwinIRConfig
PRESETS: Mapping[str, SwinIRConfig] = {
    **{f"classical_x{scale}": SwinIRConfig(scale=scale) for scale in (2, 3, 4)},
    **{
        f"light_x{scale}": SwinIRConfig(dim=60, depths=(6,) * 4, scale=scale, head="pixel_shuffle_direct")
        for scale in (2, 3, 4)
    },
    "denoise_color": SwinIRConfig(scale=1, head="residual"),
    "denoise_gray": SwinIRConfig(scale=1, head="residual", in_channels=1),
    "jpeg_gray": SwinIRConfig(scale=1, head="residual", in_channels=1, window_size=7, value_range=255.0),
    "real_m_x4": SwinIRConfig(scale=4, head="nearest_conv"),
    "real_l_x4": SwinIRConfig(
        scale=4, head="nearest_conv", dim=240, depths=(6,) * 9, num_heads=8, group_conv="3conv"
    ),
    "small": SwinIRConfig(dim=24, depths=(2, 2), num_heads=2, head="pixel_shuffle_direct", bicubic_skip=True),
    "tiny": SwinIRConfig(dim=12, depths=(2, 2), num_heads=2, window_size=4, head="pixel_shuffle_direct"),
}
PARAMETERS: Mapping[str, int] = {
    "classical_x2": 11_752_487,
    "classical_x3": 11_937_127,
    "classical_x4": 11_900_199,
    "light_x2": 910_152,
    "light_x3": 918_267,
    "light_x4": 929_628,
    "denoise_color": 11_504_163,
    "denoise_gray": 11_497_681,
    "jpeg_gray": 11_485_585,
    "real_m_x4": 11_715_559,
    "real_l_x4": 28_013_059,
    "small": 40_284,
    "tiny": 11_144,
}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "classical_x2": ((1, 3, 64, 64), 51.0556),
    "classical_x3": ((1, 3, 64, 64), 51.846),
    "classical_x4": ((1, 3, 64, 64), 53.5565),
    "light_x2": ((1, 3, 360, 640), 240.9108),
    "light_x3": ((1, 3, 240, 432), 109.2497),
    "light_x4": ((1, 3, 184, 320), 62.7107),
    "denoise_color": ((1, 3, 128, 128), 200.0742),
    "denoise_gray": ((1, 1, 128, 128), 199.968),
    "jpeg_gray": ((1, 1, 126, 126), 190.6816),
    "real_m_x4": ((1, 3, 64, 64), 55.9724),
    "real_l_x4": ((1, 3, 64, 64), 125.6225),
}
PUBLISHED_SIZES = {
    "light_x2": ("878K", "unverified"),
    "light_x4": ("897K", "unverified"),
    "classical_x4": ("11.9M", "HAT's README"),
}
ORIGIN, LICENCE = "JingyunLiang/SwinIR", "Apache-2.0"
CALL = Picture(multiple=lambda config: config.window_size)
BAD = [
    ({"num_heads": 5}, (5, 12)),
    ({"head": "pixel_shuffle", "scale": 5}, (5, 3)),
    ({"head": "nearest_conv", "scale": 3}, (4, 3)),
    ({"head": "residual", "scale": 2}, (1, 2)),
    ({"window_size": 8, "shape": (1, 3, 16, 4)}, (8, 4)),
    ({"shape": (1, 1, 16, 16)}, (1, 3)),
]


def example(config: SwinIRConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small input; step 1 and 2 have sides that no window divides."""
    height, width = ((16, 24), (19, 13), (21, 33))[step]
    return (torch.rand(batch, config.in_channels, height, width),)


# Our names -> the published ones, applied in this order. See models/published.py.
PUBLISHED_NAMES = (
    (r"^shallow\.", "conv_first."),
    (r"^embedding_norm\.", "patch_embed.norm."),
    (r"^groups\.(\d+)\.blocks\.", r"layers.\1.residual_group.blocks."),
    (r"^groups\.(\d+)\.conv\.", r"layers.\1.conv."),
    (r"\.attention\.bias_table$", ".attn.relative_position_bias_table"),
    (r"\.attention\.qkv\.", ".attn.qkv."),
    (r"\.attention\.projection\.", ".attn.proj."),
    (r"\.mlp\.expand\.", ".mlp.fc1."),
    (r"\.mlp\.contract\.", ".mlp.fc2."),
    (r"^head\.reduce\.", "conv_before_upsample.0."),
    (r"^head\.upsample\.", "upsample."),
    (r"^head\.expand\.", "upsample.0."),
    (r"^head\.up\.0\.", "conv_up1."),
    (r"^head\.up\.1\.", "conv_up2."),
    (r"^head\.refine\.", "conv_hr."),
    (r"^head\.last\.|^head\.(?=weight|bias)", "conv_last."),
)
PUBLISHED_BUFFERS = (r".*\.attn\.relative_position_index", r".*\.attn_mask")
GOLDENS: Mapping[str, SwinIRConfig] = {
    "swinir_m_x2": PRESETS["classical_x2"],
    "swinir_m_x4": PRESETS["classical_x4"],
    "swinir_s_x2": PRESETS["light_x2"],
    "swinir_s_x4": PRESETS["light_x4"],
    "swinir_dn_color": PRESETS["denoise_color"],
    "swinir_dn_gray": PRESETS["denoise_gray"],
    "swinir_jpeg_gray": PRESETS["jpeg_gray"],
    "swinir_real_m_x4": PRESETS["real_m_x4"],
}
HEAVY = (
    "swinir_dn_color",
    "swinir_dn_gray",
    "swinir_jpeg_gray",
    "swinir_m_x2",
    "swinir_m_x4",
    "swinir_real_m_x4",
)
