"""CPVT: positions made from the picture itself, by one depth-wise convolution.

Chu et al., "Conditional Positional Encodings for Vision Transformers", ICLR 2023, arXiv:2102.10882.

Input    RGB image, float, normalised by ImageNet's mean and std     b 3 h w      sides: multiples of patch_size
Output   class logits                                                b k

Symbols (paper -> code)
    F    depth-wise convolution of the generator     position.conv       k    its kernel     KERNEL
    PEG  positional encoding generator               position            GAP  no class token; the mean is classified
Departures: stochastic depth and dropout are left out; none at evaluation.
Quirks kept: the class token passes the generator by. Zero padding carries the absolute position: a reflected
    border would take it away (Sec. 3.2).
No official code of these plain networks exists (the repository holds a README): they are DeiT with the generator
    of the authors' later Twins after the first block.
Published size: 6M and 23M for Ti and S (unverified); counted 5,681,512 and 21,978,856 with class token, 5,681,320
    and 21,978,472 without, all live; 1.25 and 4.60 G multiply-accumulates at 224 pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange, reduce, repeat
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.encoder_block import EncoderBlock
from paperlens.layers.initialise import truncated_normal
from paperlens.ops.check import check_channels, check_multiple

KERNEL = 3  # the smallest that sees a neighbour; Sec. 3.2


@dataclass(frozen=True, slots=True, kw_only=True)
class CPVTConfig:
    """DeiT's sizes; the defaults are CPVT-Ti with a class token."""

    patch_size: int = 16
    in_channels: int = 3
    num_classes: int = 1000
    dim: int = 192
    depth: int = 12
    num_heads: int = 3
    mlp_ratio: float = 4.0
    class_token: bool = True


class CPVT(nn.Module):
    """Patches, a block, positions from what it gives, the other blocks, a head (Secs. 3.2-3.3)."""

    def __init__(self, config: CPVTConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_projection = nn.Conv2d(
            config.in_channels, config.dim, config.patch_size, stride=config.patch_size
        )
        self.cls_token = nn.Parameter(torch.empty(1, 1, config.dim)) if config.class_token else None
        self.blocks = nn.ModuleList(
            EncoderBlock(config.dim, config.num_heads, config.mlp_ratio) for _ in range(config.depth)
        )
        self.position = PositionGenerator(config.dim)
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        self.head = nn.Linear(config.dim, config.num_classes)
        if self.cls_token is not None:
            nn.init.trunc_normal_(self.cls_token, std=0.02)
        self.apply(truncated_normal)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Logits, for a picture of any size that patches tile."""
        check_channels(image, self.config.in_channels)
        check_multiple(image, self.config.patch_size)
        grid = self.patch_projection(image)
        height, width = grid.shape[2:]
        tokens = rearrange(grid, "b d i j -> b (i j) d")
        if self.cls_token is not None:
            tokens = torch.cat([repeat(self.cls_token, "1 1 d -> b 1 d", b=len(image)), tokens], dim=1)
        first, *others = self.blocks
        tokens = self.position(first(tokens), height, width)
        for block in others:
            tokens = block(tokens)
        tokens = self.norm(tokens)
        return self.head(tokens[:, 0] if self.config.class_token else reduce(tokens, "b n d -> b d", "mean"))


class PositionGenerator(nn.Module):
    """PEG: every token receives a depth-wise convolution of its neighbourhood on the grid (Sec. 3.2)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, KERNEL, padding=KERNEL // 2, groups=dim)

    def forward(self, tokens: Float[Tensor, "b n d"], height: int, width: int) -> Float[Tensor, "b n d"]:
        """Tokens before the grid's own, such as the class token, stay as they are."""
        extra = tokens.shape[1] - height * width
        grid = rearrange(tokens[:, extra:], "b (i j) d -> b d i j", i=height)
        placed = rearrange(grid + self.conv(grid), "b d i j -> b (i j) d")
        return torch.cat([tokens[:, :extra], placed], dim=1)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = CPVT, CPVTConfig
PRESETS: Mapping[str, CPVTConfig] = {
    "ti": CPVTConfig(),
    "ti_gap": CPVTConfig(class_token=False),
    "s": CPVTConfig(dim=384, num_heads=6),
    "s_gap": CPVTConfig(dim=384, num_heads=6, class_token=False),
    "tiny": CPVTConfig(patch_size=4, num_classes=10, dim=32, depth=2, num_heads=2),
}
PARAMETERS: Mapping[str, int] = {
    "ti": 5_681_512,
    "ti_gap": 5_681_320,
    "s": 21_978_856,
    "s_gap": 21_978_472,
    "tiny": 27_722,
}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "ti": ((1, 3, 224, 224), 1.2540),
    "ti_gap": ((1, 3, 224, 224), 1.2469),
    "s": ((1, 3, 224, 224), 4.5996),
    "s_gap": ((1, 3, 224, 224), 4.5747),
}
PUBLISHED_SIZES = {"ti": ("6M", "unverified"), "s": ("23M", "unverified")}
ORIGIN, LICENCE = "Meituan-AutoML/CPVT", "none"
NOT_A_PICTURE = "a picture and gives classes, not a picture"
BAD = [
    ({"num_heads": 5}, (5, 32)),
    ({"shape": (1, 3, 16, 18)}, (4, 18)),
    ({"shape": (1, 1, 16, 16)}, (1, 3)),
]


def example(config: CPVTConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Normalised images: any multiple of the patch's side."""
    rows, columns = ((4, 6), (5, 3), (7, 9))[step]
    size = rows * config.patch_size, columns * config.patch_size
    return (torch.rand(batch, config.in_channels, *size) * 2 - 1,)


# Our names -> the published ones (DeiT's, and the generator's of Twins), applied in this order.
PUBLISHED_NAMES = (
    (r"^patch_projection\.", "patch_embed.proj."),
    (r"^position\.conv\.", "pos_block.proj.0."),
    (r"\.attention\.qkv\.", ".attn.qkv."),
    (r"\.attention\.projection\.", ".attn.proj."),
    (r"\.mlp\.expand\.", ".mlp.fc1."),
    (r"\.mlp\.contract\.", ".mlp.fc2."),
)
GOLDENS: Mapping[str, CPVTConfig] = {"cpvt_ti": PRESETS["ti"]}
