"""ViT: an image is a sequence of patches.

Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, arXiv:2010.11929v2 (equations of that).

Input    RGB image, float, normalised to mean 0.5, std 0.5    b 3 image_size image_size
Output   class logits                                         b k

Symbols (paper -> code)
    P  patch side   patch_size     N = HW/P^2  tokens without the class token
    D  width        dim            L  depth    depth
Departures: none in the forward pass; dropout is left out, and so is the layer before the logits that only
    pre-training on ImageNet-21k uses.
Published size: Table 1, 86M for Base and 307M for Large; counted 86,567,656 for B/16 and 304,326,632 for L/16
    (224 px, 1000 classes, all live; the layer left out would add 1.05M to L). 17.56 G multiply-accumulates
    for B/16.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.encoder_block import EncoderBlock
from paperlens.layers.initialise import truncated_normal
from paperlens.ops.check import check_channels, check_size


@dataclass(frozen=True, slots=True, kw_only=True)
class ViTConfig:
    """One row of Table 1; the defaults are B/16 at 224 pixels."""

    image_size: int = 224
    patch_size: int = 16
    in_channels: int = 3
    num_classes: int = 1000
    dim: int = 768
    depth: int = 12
    num_heads: int = 12
    mlp_ratio: float = 4.0


class ViT(nn.Module):
    """Patches, a class token, learned positions, a pre-norm encoder, a head on the class token (Fig. 1)."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.config = config
        if config.image_size % config.patch_size:
            raise ValueError(f"patch_size {config.patch_size} does not divide image_size {config.image_size}")
        tokens = (config.image_size // config.patch_size) ** 2 + 1
        self.patch_projection = nn.Conv2d(
            config.in_channels, config.dim, config.patch_size, stride=config.patch_size
        )
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.dim))
        self.pos_embed = nn.Parameter(torch.empty(1, tokens, config.dim))
        self.blocks = nn.Sequential(
            *(EncoderBlock(config.dim, config.num_heads, config.mlp_ratio) for _ in range(config.depth))
        )
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        self.head = nn.Linear(config.dim, config.num_classes)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        self.apply(truncated_normal)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Logits; ValueError for an image that is not image_size squared."""
        check_channels(image, self.config.in_channels)
        check_size(image, self.config.image_size, self.config.image_size)
        tokens = rearrange(self.patch_projection(image), "b d h w -> b (h w) d")
        cls = repeat(self.cls_token, "1 1 d -> b 1 d", b=len(image))
        z = torch.cat([cls, tokens], dim=1) + self.pos_embed  # Eq. 1
        z = self.blocks(z)  # Eqs. 2-3
        return self.head(self.norm(z[:, 0]))  # Eq. 4


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = ViT, ViTConfig
PRESETS: Mapping[str, ViTConfig] = {
    "ti16": ViTConfig(dim=192, num_heads=3),
    "s16": ViTConfig(dim=384, num_heads=6),
    "b32": ViTConfig(patch_size=32),
    "b16": ViTConfig(),
    "b16_384": ViTConfig(image_size=384),
    "l16": ViTConfig(dim=1024, depth=24, num_heads=16),
    "tiny": ViTConfig(image_size=32, patch_size=4, num_classes=10, dim=64, depth=2, num_heads=2),
}
PARAMETERS: Mapping[str, int] = {
    "ti16": 5_717_416,
    "s16": 22_050_664,
    "b32": 88_224_232,
    "b16": 86_567_656,
    "b16_384": 86_859_496,
    "l16": 304_326_632,
    "tiny": 108_106,
}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "s16": ((1, 3, 224, 224), 4.5989),
    "b32": ((1, 3, 224, 224), 4.4092),
    "b16": ((1, 3, 224, 224), 17.5638),
    "b16_384": ((1, 3, 384, 384), 55.4844),
    "l16": ((1, 3, 224, 224), 61.5547),
}
PUBLISHED_SIZES = {
    "b16": ("86M", "unverified"),
    "l16": ("307M", "unverified"),
}
ORIGIN, LICENCE = "google-research/vision_transformer", "Apache-2.0"
NOT_A_PICTURE = "a picture of fixed size and gives classes, not a picture"
BAD = [
    ({"patch_size": 5}, (5, 32)),
    ({"shape": (1, 3, 32, 36)}, (32, 36)),
    ({"num_heads": 5}, (5, 64)),
]


def example(config: ViTConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Normalised images; the learned positions fit one size only."""
    return (torch.rand(batch, config.in_channels, config.image_size, config.image_size) * 2 - 1,)


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^patch_projection\.", "patch_embed.proj."),
    (r"\.attention\.qkv\.", ".attn.qkv."),
    (r"\.attention\.projection\.", ".attn.proj."),
    (r"\.mlp\.expand\.", ".mlp.fc1."),
    (r"\.mlp\.contract\.", ".mlp.fc2."),
)
GOLDENS: Mapping[str, ViTConfig] = {"vit_b16_224": PRESETS["b16"]}
