"""Restormer: attention between channels makes high resolutions affordable.

Zamir et al., "Restormer: Efficient Transformer for High-Resolution Image Restoration", CVPR 2022,
arXiv:2111.09881v2 (equations and figures of that).

Input    degraded image, float, 0..1       b c h w        sides are multiples of 8; see ops.pad
Output   restored image, same range        b out h w

Symbols (paper -> code)
    C  width of level 1    dim               L_1 .. L_4  blocks of a level   depths
    alpha  temperature     temperature       L_r  refinement blocks          refinement
    gamma  expansion       expansion         heads of a level                num_heads
Departures: none.
Quirks kept: alpha multiplies, although Eq. 1 divides by it; the bias-free norm divides by the standard
    deviation around the mean but does not subtract the mean; level 1 of the decoder keeps both halves, 2 C
    channels, and so do the refinement blocks; the hidden width of the feed-forward network is rounded down
    (127 at C = 48).
Published size: 26.13M and 140.99 G multiply-accumulates at 256x256 (paper, which leaves the attention
    products out); counted 26,126,644 for deblurring, all live, and 154.88 G of which 13.89 G are attention's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.channel_attend import ChannelAttend
from paperlens.layers.channel_norm import BiasFreeNorm, ChannelNorm
from paperlens.layers.pointwise import Pointwise  # nn.Conv2d with kernel 1, faster
from paperlens.models.facts import Picture
from paperlens.ops.check import check_channels, check_multiple


@dataclass(frozen=True, slots=True, kw_only=True)
class RestormerConfig:
    """Sec. 4; the defaults are deblurring, deraining and single-image defocus."""

    in_channels: int = 3
    out_channels: int = 3
    dim: int = 48
    depths: tuple[int, int, int, int] = (4, 6, 6, 8)
    refinement: int = 4
    num_heads: tuple[int, int, int, int] = (1, 2, 4, 8)
    expansion: float = 2.66
    norm: Literal["with_bias", "bias_free"] = "with_bias"
    dual_pixel: bool = False


class Restormer(nn.Module):
    """A U-Net of transformer blocks over four levels, refinement at full size, a global skip (Fig. 2)."""

    def __init__(self, config: RestormerConfig) -> None:
        super().__init__()
        self.config = config
        if not config.dual_pixel and config.in_channels != config.out_channels:
            sizes = f"in_channels {config.in_channels}, out_channels {config.out_channels}"
            raise ValueError(f"the output is added to the input, which must be as wide: {sizes}")
        c = config.dim
        self.embedding = nn.Conv2d(config.in_channels, c, 3, padding=1, bias=False)
        self.encoder1 = level(config, 1, c)
        self.down1 = shrink(c)
        self.encoder2 = level(config, 2, 2 * c)
        self.down2 = shrink(2 * c)
        self.encoder3 = level(config, 3, 4 * c)
        self.down3 = shrink(4 * c)
        self.latent = level(config, 4, 8 * c)
        self.up3 = enlarge(8 * c)
        self.reduce3 = Pointwise(8 * c, 4 * c, bias=False)
        self.decoder3 = level(config, 3, 4 * c)
        self.up2 = enlarge(4 * c)
        self.reduce2 = Pointwise(4 * c, 2 * c, bias=False)
        self.decoder2 = level(config, 2, 2 * c)
        self.up1 = enlarge(2 * c)
        self.decoder1 = level(config, 1, 2 * c)
        self.refinement = level(config, 1, 2 * c, config.refinement)
        if config.dual_pixel:
            self.skip = Pointwise(c, 2 * c, bias=False)
        self.output = nn.Conv2d(2 * c, config.out_channels, 3, padding=1, bias=False)

    def forward(self, degraded: Float[Tensor, "b c h w"]) -> Float[Tensor, "b out h w"]:
        """The restored image; ValueError for a side that is no multiple of 8."""
        check_channels(degraded, self.config.in_channels)
        check_multiple(degraded, 8)
        # Channels last: norms and depth-wise convolutions read a pixel's channels together.
        shallow = self.embedding(degraded.contiguous(memory_format=torch.channels_last))
        level1 = self.encoder1(shallow)
        level2 = self.encoder2(self.down1(level1))
        level3 = self.encoder3(self.down2(level2))
        latent = self.latent(self.down3(level3))

        deep = self.decoder3(self.reduce3(torch.cat([self.up3(latent), level3], dim=1)))
        deep = self.decoder2(self.reduce2(torch.cat([self.up2(deep), level2], dim=1)))
        deep = self.decoder1(torch.cat([self.up1(deep), level1], dim=1))
        deep = self.refinement(deep)
        if self.config.dual_pixel:
            return self.output(deep + self.skip(shallow))
        return self.output(deep) + degraded


def level(config: RestormerConfig, number: int, dim: int, depth: int | None = None) -> nn.Sequential:
    """The transformer blocks of a level, counted from 1 as in the figure."""
    blocks = config.depths[number - 1] if depth is None else depth
    return nn.Sequential(
        *(TransformerBlock(config, dim, config.num_heads[number - 1]) for _ in range(blocks))
    )


class TransformerBlock(nn.Module):
    """x + MDTA(LN(x)), then x + GDFN(LN(x))."""

    def __init__(self, config: RestormerConfig, dim: int, num_heads: int) -> None:
        super().__init__()
        self.norm1 = channel_norm(config, dim)
        self.attention = TransposedAttention(dim, num_heads)
        self.norm2 = channel_norm(config, dim)
        self.feed_forward = GatedFeedForward(dim, config.expansion)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The shape stays."""
        features = features + self.attention(self.norm1(features))
        return features + self.feed_forward(self.norm2(features))


class TransposedAttention(nn.Module):
    """MDTA: channels attend to channels, so that cost is linear in pixels (Eq. 1)."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"num_heads {num_heads} does not divide dim {dim}")
        self.attend = ChannelAttend(num_heads)
        self.temperature = nn.Parameter(torch.ones(num_heads, 1, 1))
        self.qkv = Pointwise(dim, 3 * dim, bias=False)
        self.qkv_depthwise = nn.Conv2d(3 * dim, 3 * dim, 3, padding=1, groups=3 * dim, bias=False)
        self.projection = Pointwise(dim, dim, bias=False)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The shape stays; every pixel takes part in every weight."""
        q, k, v = self.qkv_depthwise(self.qkv(features)).chunk(3, dim=1)
        return self.projection(self.attend(q, k, v, self.temperature))


class GatedFeedForward(nn.Module):
    """GDFN: W_out (gelu(DW1 W1 x) * DW2 W2 x) (Eq. 2)."""

    def __init__(self, dim: int, expansion: float) -> None:
        super().__init__()
        hidden = int(dim * expansion)
        self.expand = Pointwise(dim, 2 * hidden, bias=False)
        self.depthwise = nn.Conv2d(2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden, bias=False)
        self.contract = Pointwise(hidden, dim, bias=False)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The shape stays."""
        gate, value = self.depthwise(self.expand(features)).chunk(2, dim=1)
        # A half of the channels is strided in memory, on which torch's GELU is several times slower than a copy.
        return self.contract(F.gelu(gate.contiguous(memory_format=torch.channels_last)) * value)


def shrink(dim: int) -> nn.Sequential:
    """Half the channels, then four pixels become four channels."""
    return nn.Sequential(nn.Conv2d(dim, dim // 2, 3, padding=1, bias=False), nn.PixelUnshuffle(2))


def enlarge(dim: int) -> nn.Sequential:
    """Twice the channels, then four channels become four pixels."""
    return nn.Sequential(nn.Conv2d(dim, 2 * dim, 3, padding=1, bias=False), nn.PixelShuffle(2))


def channel_norm(config: RestormerConfig, dim: int) -> nn.Module:
    """LayerNorm over the channels of a pixel, for denoising without any bias."""
    return BiasFreeNorm(dim, eps=1e-5) if config.norm == "bias_free" else ChannelNorm(dim, eps=1e-5)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = Restormer, RestormerConfig
PRESETS: Mapping[str, RestormerConfig] = {
    "deblur": RestormerConfig(),
    "denoise_real": RestormerConfig(norm="bias_free"),
    "denoise_gray": RestormerConfig(in_channels=1, out_channels=1, norm="bias_free"),
    "dual_pixel": RestormerConfig(in_channels=6, dual_pixel=True),
    "tiny": RestormerConfig(dim=8, depths=(1, 1, 1, 1), refinement=1, num_heads=(1, 2, 2, 4)),
}
PARAMETERS: Mapping[str, int] = {
    "deblur": 26_126_644,
    "denoise_real": 26_111_668,
    "denoise_gray": 26_109_076,
    "dual_pixel": 26_132_548,
    "tiny": 208_217,
}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "deblur": ((1, 3, 256, 256), 154.88),
    "denoise_real": ((1, 3, 256, 256), 154.88),
    "denoise_gray": ((1, 1, 256, 256), 154.71),
    "dual_pixel": ((1, 6, 256, 256), 155.269),
}
PUBLISHED_SIZES = {
    "deblur": ("26.13M", "unverified"),
}
ORIGIN, LICENCE = "swz30/Restormer", "Academic Public License (non-commercial)"
CALL = Picture(multiple=lambda config: 8)
BAD = [
    ({"shape": (1, 3, 12, 16)}, (8, 12)),
    ({"in_channels": 6}, (6, 3)),
    ({"num_heads": (1, 3, 2, 4)}, (3, 16)),
]


def example(config: RestormerConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small image whose sides are multiples of 8."""
    height, width = ((16, 24), (24, 8), (8, 40))[step]
    return (torch.rand(batch, config.in_channels, height, width),)


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^embedding\.", "patch_embed.proj."),
    (r"^(en|de)coder(\d)\.", r"\1coder_level\2."),
    (r"^down(\d)\.", lambda m: f"down{m[1]}_{int(m[1]) + 1}.body."),
    (r"^up(\d)\.", lambda m: f"up{int(m[1]) + 1}_{m[1]}.body."),
    (r"^reduce(\d)\.", r"reduce_chan_level\1."),
    (r"^skip\.", "skip_conv."),
    (r"\.(norm[12])\.", r".\1.body."),
    (r"\.attention\.qkv_depthwise\.", ".attn.qkv_dwconv."),
    (r"\.attention\.projection\.", ".attn.project_out."),
    (r"\.attention\.", ".attn."),
    (r"\.feed_forward\.expand\.", ".ffn.project_in."),
    (r"\.feed_forward\.depthwise\.", ".ffn.dwconv."),
    (r"\.feed_forward\.contract\.", ".ffn.project_out."),
)
GOLDENS: Mapping[str, RestormerConfig] = {
    "restormer_deblur": PRESETS["deblur"],
    "restormer_dn_real": PRESETS["denoise_real"],
    "restormer_dn_gray": PRESETS["denoise_gray"],
    "restormer_dpdd": PRESETS["dual_pixel"],
}
HEAVY = (
    "restormer_deblur",
    "restormer_dn_gray",
    "restormer_dn_real",
    "restormer_dpdd",
)
