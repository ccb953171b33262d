"""Swin Transformer: attention in shifted windows, in four stages of falling resolution.

Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", ICCV 2021,
arXiv:2103.14030v2 (tables and figures of that).

Input    RGB image, float, normalised by ImageNet's mean and std     b 3 image_size image_size
Output   class logits                                                b k

Symbols (paper -> code)
    C  channels of the first stage   dim          M  window side     window_size
    d  query dimension of a head     C / heads    B  position bias   SwinBlock.attention.bias_table
Departures: stochastic depth (0.2, 0.3 and 0.5 for T, S and B while training) is left out; none at evaluation.
Quirks kept: the shift mask is -100, not minus infinity; a stage whose map is no larger than the window does
    not shift, which is the last one at 224 pixels; merging orders a 2x2 patch column by column and normalises
    before it projects.
Published size: 28M / 4.5G, 50M / 8.7G, 88M / 15.4G for T, S, B (README); counted 28,288,354, 49,606,258,
    87,768,224 parameters, all live, and 4.49, 8.74, 15.43 G multiply-accumulates at 224 pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.initialise import truncated_normal
from paperlens.layers.patch_embedding import PatchEmbedding
from paperlens.layers.window_attention import SwinBlock, shift_mask
from paperlens.ops.check import check_channels, check_size


@dataclass(frozen=True, slots=True, kw_only=True)
class SwinConfig:
    """One row of Table 7; the defaults are Swin-T."""

    image_size: int = 224
    patch_size: int = 4
    in_channels: int = 3
    num_classes: int = 1000
    dim: int = 96
    depths: tuple[int, ...] = (2, 2, 6, 2)
    num_heads: tuple[int, ...] = (3, 6, 12, 24)
    window_size: int = 7
    mlp_ratio: float = 4.0


class Swin(nn.Module):
    """Patches, stages of shifted-window blocks with merging between, mean over the map, head (Fig. 3)."""

    def __init__(self, config: SwinConfig) -> None:
        super().__init__()
        self.config = config
        if len(config.depths) != len(config.num_heads):
            raise ValueError(f"depths has {len(config.depths)} stages, num_heads {len(config.num_heads)}")
        self.patch_embed = PatchEmbedding(config.in_channels, config.dim, config.patch_size)
        side, last = config.image_size // config.patch_size, len(config.depths) - 1
        self.stages = nn.ModuleList(
            SwinStage(
                side=side // 2**i,
                dim=config.dim * 2**i,
                depth=depth,
                num_heads=heads,
                window_size=config.window_size,
                mlp_ratio=config.mlp_ratio,
                merge=i < last,
            )
            for i, (depth, heads) in enumerate(zip(config.depths, config.num_heads, strict=True))
        )
        self.norm = nn.LayerNorm(config.dim * 2**last)
        self.head = nn.Linear(config.dim * 2**last, config.num_classes)
        self.apply(truncated_normal)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Logits; ValueError for an image that is not image_size squared."""
        check_channels(image, self.config.in_channels)
        check_size(image, self.config.image_size, self.config.image_size)
        features = self.patch_embed(image)
        for stage in self.stages:
            features = stage(features)
        return self.head(reduce(self.norm(features), "b h w d -> b d", "mean"))


class SwinStage(nn.Module):
    """Blocks that alternate plain and shifted windows, then merging, which the last stage lacks."""

    def __init__(
        self,
        *,
        side: int,
        dim: int,
        depth: int,
        num_heads: int,
        window_size: int,
        mlp_ratio: float,
        merge: bool,
    ) -> None:
        super().__init__()
        self.window_size = min(window_size, side)
        self.offset = window_size // 2 if side > window_size else 0  # one window has nowhere to shift to
        if side % self.window_size:
            raise ValueError(f"window_size {window_size} does not divide a stage's map of side {side}")
        self.blocks = nn.ModuleList(
            SwinBlock(dim, num_heads, self.window_size, self.offset if i % 2 else 0, mlp_ratio)
            for i in range(depth)
        )
        self.downsample = PatchMerging(dim) if merge else nn.Identity()

    def forward(self, features: Float[Tensor, "b h w d"]) -> Float[Tensor, "b i j e"]:
        """The stage's map, half as high and wide and twice as deep where it merges."""
        mask = shift_mask(features, self.window_size, self.offset)
        for block in self.blocks:
            features = block(features, mask)
        return self.downsample(features)


class PatchMerging(nn.Module):
    """Four neighbours become one token of twice the width: concatenate 4C, norm, project to 2C (Sec. 3.1)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * dim)
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, features: Float[Tensor, "b h w d"]) -> Float[Tensor, "b i j e"]:
        """Sides are halved; both must be even."""
        merged = rearrange(
            features, "b (h p) (w q) d -> b h w (q p d)", p=2, q=2
        )  # (0,0), (1,0), (0,1), (1,1)
        return self.reduction(self.norm(merged))


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = Swin, SwinConfig
PRESETS: Mapping[str, SwinConfig] = {
    "t": SwinConfig(),
    "s": SwinConfig(depths=(2, 2, 18, 2)),
    "b": SwinConfig(dim=128, depths=(2, 2, 18, 2), num_heads=(4, 8, 16, 32)),
    "tiny": SwinConfig(image_size=32, num_classes=10, dim=12, depths=(2, 2), num_heads=(2, 4), window_size=4),
}
PARAMETERS: Mapping[str, int] = {"t": 28_288_354, "s": 49_606_258, "b": 87_768_224, "tiny": 20_962}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "t": ((1, 3, 224, 224), 4.4906),
    "s": ((1, 3, 224, 224), 8.7409),
    "b": ((1, 3, 224, 224), 15.4309),
}
PUBLISHED_SIZES = {
    "t": ("28M", "README"),
    "s": ("50M", "README"),
    "b": ("88M", "README"),
}
ORIGIN, LICENCE = "microsoft/Swin-Transformer", "MIT"
NOT_A_PICTURE = "a picture of fixed size and gives classes, not a picture"
BAD = [
    ({"num_heads": (2, 4, 8)}, (2, 3)),
    ({"image_size": 40}, (4, 10)),
    ({"shape": (1, 3, 32, 36)}, (32, 36)),
]


def example(config: SwinConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Normalised images; the network takes one size only."""
    return (torch.rand(batch, config.in_channels, config.image_size, config.image_size) * 2 - 1,)


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^patch_embed\.projection\.", "patch_embed.proj."),
    (r"^stages\.", "layers."),
    (r"\.attention\.bias_table$", ".attn.relative_position_bias_table"),
    (r"\.attention\.qkv\.", ".attn.qkv."),
    (r"\.attention\.projection\.", ".attn.proj."),
    (r"\.mlp\.expand\.", ".mlp.fc1."),
    (r"\.mlp\.contract\.", ".mlp.fc2."),
)
PUBLISHED_BUFFERS = (r".*\.attn\.relative_position_index", r".*\.attn_mask")
GOLDENS: Mapping[str, SwinConfig] = {"swin_t": PRESETS["t"], "swin_s": PRESETS["s"]}
