"""VisionLLaMA, plain: LLaMA's block with rotary positions in two dimensions.

Chu et al., "VisionLLaMA: A Unified LLaMA Backbone for Vision Tasks", ECCV 2024, arXiv:2403.00522.

Input    RGB image, float, normalised by ImageNet's mean and std    b 3 h w, multiples of the patch
Output   class logits                                               b k

Symbols (paper -> code)
    AS2DRoPE, positions scaled by B / H and B / W    grid_positions      B, anchor resolution    image_size
The pyramid form is visionllama_pyramid.py, and shares `rotate` and SwiGLU with this one.
Departures: stochastic depth is left out.
Quirks, as published: the norms are LayerNorms. The class token has place -1 in the row-by-row order, which is column
    W - 1 and row -1. The rotation runs in single precision.
Published size: 22M and 86M (small, base); counted 21,961,192 and 86,388,712, all live.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.initialise import truncated_normal
from paperlens.layers.swiglu import SwiGLU
from paperlens.ops.check import check_channels, check_multiple
from paperlens.ops.rotary import grid_positions, rotate, rotations


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionLLaMAConfig:
    """The defaults are the small model, whose positions are those of 224 pixels at every size."""

    image_size: int = 224
    patch_size: int = 16
    in_channels: int = 3
    num_classes: int = 1000
    dim: int = 384
    depth: int = 12
    num_heads: int = 6


class VisionLLaMA(nn.Module):
    """Patches and a class token without positions, blocks that rotate queries and keys, a head."""

    def __init__(self, config: VisionLLaMAConfig) -> None:
        super().__init__()
        self.config = config
        if config.image_size % config.patch_size:
            raise ValueError(f"patch_size {config.patch_size} does not divide image_size {config.image_size}")
        if config.dim % (4 * config.num_heads):
            raise ValueError(
                f"num_heads {config.num_heads} does not divide dim {config.dim} into multiples of 4"
            )
        self.patch_projection = nn.Conv2d(
            config.in_channels, config.dim, config.patch_size, stride=config.patch_size
        )
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.dim))
        self.blocks = nn.ModuleList(Block(config.dim, config.num_heads) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        self.head = nn.Linear(config.dim, config.num_classes)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        self.apply(truncated_normal)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Logits; ValueError for an image whose sides the patch does not divide or with other channels."""
        check_channels(image, self.config.in_channels)
        check_multiple(image, self.config.patch_size)
        features = self.patch_projection(image)
        height, width = features.shape[-2:]
        anchor = self.config.image_size // self.config.patch_size  # B
        positions = grid_positions(height, width, first=-1).to(image.device)
        positions = positions * positions.new_tensor([anchor / width, anchor / height])
        rotation = rotations(positions, self.config.dim // self.config.num_heads)
        cls = repeat(self.cls_token, "1 1 d -> b 1 d", b=len(image))
        z = torch.cat([cls, rearrange(features, "b d h w -> b (h w) d")], dim=1)
        for block in self.blocks:
            z = block(z, rotation)
        return self.head(self.norm(z[:, 0]))


class Block(nn.Module):
    """z' = z + g1 attention(LN(z));  z = z' + g2 SwiGLU(LN(z')), g1 and g2 learned for each channel."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attention = RotaryAttention(dim, num_heads)
        self.gamma_1 = nn.Parameter(1e-4 * torch.ones(dim))
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = SwiGLU(dim)
        self.gamma_2 = nn.Parameter(1e-4 * torch.ones(dim))

    def forward(self, z: Float[Tensor, "b n d"], rotation: Tensor) -> Float[Tensor, "b n d"]:
        """The sequence keeps its shape."""
        z = z + self.gamma_1 * self.attention(self.norm1(z), rotation)
        return z + self.gamma_2 * self.mlp(self.norm2(z))


class RotaryAttention(nn.Module):
    """softmax(R(Q) R(K)^T / sqrt(d)) V, R turning each token by its place."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.projection = nn.Linear(dim, dim)

    def forward(self, z: Float[Tensor, "b n d"], rotation: Tensor) -> Float[Tensor, "b n d"]:
        """Every token attends to all."""
        q, k, v = rearrange(
            self.qkv(z), "b n (three heads d) -> three b heads n d", three=3, heads=self.num_heads
        )
        attended = F.scaled_dot_product_attention(rotate(q, rotation), rotate(k, rotation), v)
        return self.projection(rearrange(attended, "b heads n d -> b n (heads d)"))


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = VisionLLaMA, VisionLLaMAConfig
PRESETS: Mapping[str, VisionLLaMAConfig] = {
    "s16": VisionLLaMAConfig(),
    "b16": VisionLLaMAConfig(dim=768, num_heads=12),
    "tiny": VisionLLaMAConfig(image_size=32, patch_size=8, num_classes=10, dim=32, depth=2, num_heads=2),
}
PARAMETERS: Mapping[str, int] = {"s16": 21_961_192, "b16": 86_388_712, "tiny": 64_586}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "s16": ((1, 3, 224, 224), 4.5989),
    "b16": ((1, 3, 224, 224), 17.5638),
}
PUBLISHED_SIZES = {"s16": ("22M", "unverified"), "b16": ("86M", "unverified")}
ORIGIN, LICENCE = "Meituan-AutoML/VisionLLaMA", "none stated"
NOT_A_PICTURE = "a picture and gives classes, not a picture"
BAD = [
    ({"patch_size": 5}, (5, 32)),
    ({"num_heads": 5}, (5, 32)),
    ({"shape": (1, 3, 32, 36)}, (8, 36)),
    ({"shape": (1, 1, 32, 32)}, (1, 3)),
]


def example(config: VisionLLaMAConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Normalised images of several sizes."""
    h, w = ((3, 4), (2, 5), (5, 1))[step]
    return (torch.rand(batch, config.in_channels, h * config.patch_size, w * config.patch_size) * 2 - 1,)


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^patch_projection\.", "patch_embed.proj."),
    (r"\.attention\.qkv\.", ".attn.qkv."),
    (r"\.attention\.projection\.", ".attn.proj."),
    (r"\.mlp\.gate\.", ".mlp.c_fc1."),
    (r"\.mlp\.expand\.", ".mlp.c_fc2."),
    (r"\.mlp\.contract\.", ".mlp.c_proj."),
)
GOLDENS: Mapping[str, VisionLLaMAConfig] = {"visionllama_small": PRESETS["s16"]}
