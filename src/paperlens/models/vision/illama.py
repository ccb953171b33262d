"""iLLaMA: the decoder of a language model sees pictures.

Wang et al., "Adapting LLaMA Decoder to Vision Transformer", 2024, arXiv:2404.06773.

Input    RGB image, float, normalised by ImageNet's mean and std    b 3 image_size image_size
Output   class logits                                               b k

Symbols (paper -> code)
    soft mask   bidirectional of forward: 1 attends to both sides, as at the start of training; 0 is causal
The class token stands behind the patches (the paper's PS [cls]), so that it sees all of them.
Departures: stochastic depth is left out.
Quirks, as published: the causal mask multiplies the weights behind the softmax, and rows are not divided by their
    sum again: early tokens attend to less than one in all, and what they must not see still counts in the sum.
    `renormalised` masks the logits instead, as causal attention is known. RMSNorm and the rotation run in single
    precision. Learned positions and rotary ones are both there.
Published size: 5.7M, 21.9M, 86.3M, 310.2M (README); counted 5,701,096, 22,018,024, 86,502,376, 310,445,032 (the
    README seems to leave out the learned positions), all live.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.initialise import truncated_normal
from paperlens.layers.swiglu import SwiGLU
from paperlens.ops.check import check_channels, check_size
from paperlens.ops.rotary import rotate, rotations


@dataclass(frozen=True, slots=True, kw_only=True)
class ILLaMAConfig:
    """The defaults are the tiny model of the paper at 224 pixels."""

    image_size: int = 224
    patch_size: int = 16
    in_channels: int = 3
    num_classes: int = 1000
    dim: int = 192
    depth: int = 12
    num_heads: int = 3
    renormalised: bool = False


class ILLaMA(nn.Module):
    """Patches, then the class token, learned positions; decoder blocks; a head on the last token."""

    rotation: Tensor

    def __init__(self, config: ILLaMAConfig) -> None:
        super().__init__()
        self.config = config
        if config.image_size % config.patch_size:
            raise ValueError(f"patch_size {config.patch_size} does not divide image_size {config.image_size}")
        if config.dim % config.num_heads:
            raise ValueError(f"num_heads {config.num_heads} does not divide dim {config.dim}")
        tokens = (config.image_size // config.patch_size) ** 2 + 1
        self.patch_projection = nn.Conv2d(
            config.in_channels, config.dim, config.patch_size, stride=config.patch_size
        )
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, config.dim))
        position = rearrange(torch.arange(tokens).float(), "n -> n 1")
        rotation = rotations(position, config.dim // config.num_heads)
        self.register_buffer("rotation", torch.view_as_real(rotation), persistent=False)
        self.blocks = nn.ModuleList(DecoderBlock(config) for _ in range(config.depth))
        self.norm = RMSNorm(config.dim)
        self.head = nn.Linear(config.dim, config.num_classes)
        for token in (self.cls_token, self.pos_embed):
            nn.init.trunc_normal_(token, std=0.02)
        self.apply(truncated_normal)

    def forward(self, image: Float[Tensor, "b c h w"], bidirectional: float = 0.0) -> Float[Tensor, "b k"]:
        """Logits; ValueError for an image that is not image_size squared or has other channels."""
        check_channels(image, self.config.in_channels)
        check_size(image, self.config.image_size, self.config.image_size)
        if not 0 <= bidirectional <= 1:
            raise ValueError(f"bidirectional {bidirectional} must lie in 0 .. 1")
        tokens = rearrange(self.patch_projection(image), "b d h w -> b (h w) d")
        cls = repeat(self.cls_token, "1 1 d -> b 1 d", b=len(image))
        z = torch.cat([tokens, cls], dim=1) + self.pos_embed
        rotation = torch.view_as_complex(self.rotation.float())
        for block in self.blocks:
            z = block(z, rotation, bidirectional)
        return self.head(self.norm(z[:, -1]))


class DecoderBlock(nn.Module):
    """z' = z + attention(RMSNorm(z));  z = z' + SwiGLU(RMSNorm(z'))."""

    def __init__(self, config: ILLaMAConfig) -> None:
        super().__init__()
        self.norm1 = RMSNorm(config.dim)
        self.attention = SoftMaskedAttention(config.dim, config.num_heads, config.renormalised)
        self.norm2 = RMSNorm(config.dim)
        self.mlp = SwiGLU(config.dim)

    def forward(
        self, z: Float[Tensor, "b n d"], rotation: Tensor, bidirectional: float
    ) -> Float[Tensor, "b n d"]:
        """The sequence keeps its shape."""
        z = z + self.attention(self.norm1(z), rotation, bidirectional)
        return z + self.mlp(self.norm2(z))


class SoftMaskedAttention(nn.Module):
    """softmax(Q K^T / sqrt(d)) times a mask, which is 1 to the left and `bidirectional` to the right, times V."""

    def __init__(self, dim: int, num_heads: int, renormalised: bool) -> None:
        super().__init__()
        self.num_heads, self.renormalised = num_heads, renormalised
        self.qkv = nn.Linear(dim, 3 * dim)
        self.projection = nn.Linear(dim, dim)

    def forward(
        self, z: Float[Tensor, "b n d"], rotation: Tensor, bidirectional: float
    ) -> Float[Tensor, "b n d"]:
        """Queries and keys are turned by their positions."""
        q, k, v = rearrange(
            self.qkv(z), "b n (three heads d) -> three b heads n d", three=3, heads=self.num_heads
        )
        q, k = rotate(q, rotation), rotate(k, rotation)
        logits = (q * q.shape[-1] ** -0.5) @ k.mT
        n = z.shape[1]
        mask = torch.full((n, n), bidirectional, dtype=z.dtype, device=z.device)
        mask = mask + (1 - bidirectional) * torch.ones_like(mask).tril()
        # exp(logit + log(mask)): the mask takes part in the sum of the softmax.
        weights = (logits + mask.log()).softmax(-1) if self.renormalised else logits.softmax(-1) * mask
        return self.projection(rearrange(weights @ v, "b heads n d -> b n (heads d)"))


class RMSNorm(nn.Module):
    """w x / sqrt(mean(x^2) + eps), in single precision (Zhang & Sennrich, arXiv:1910.07467)."""

    def __init__(self, dim: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(dim)), eps

    def forward(self, z: Float[Tensor, "*axes d"]) -> Float[Tensor, "*axes d"]:
        """Token by token."""
        single = z.float()
        normed = single * torch.rsqrt(single.pow(2).mean(-1, keepdim=True) + self.eps)
        return normed.type_as(z) * self.weight


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = ILLaMA, ILLaMAConfig
PRESETS: Mapping[str, ILLaMAConfig] = {
    "ti16": ILLaMAConfig(),
    "s16": ILLaMAConfig(dim=384, num_heads=6),
    "b16": ILLaMAConfig(dim=768, num_heads=12),
    "l16": ILLaMAConfig(dim=1024, depth=24, num_heads=16),
    "tiny": ILLaMAConfig(image_size=32, patch_size=8, num_classes=10, dim=32, depth=2, num_heads=2),
}
PARAMETERS: Mapping[str, int] = {
    "ti16": 5_701_096,
    "s16": 22_018_024,
    "b16": 86_502_376,
    "l16": 310_445_032,
    "tiny": 64_842,
}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "ti16": ((1, 3, 224, 224), 1.2537),
    "s16": ((1, 3, 224, 224), 4.5989),
    "b16": ((1, 3, 224, 224), 17.5638),
    "l16": ((1, 3, 224, 224), 62.7941),
}
PUBLISHED_SIZES = {
    "ti16": ("5.7M", "the authors' README"),
    "s16": ("21.9M", "the authors' README"),
    "b16": ("86.3M", "the authors' README"),
    "l16": ("310.2M", "the authors' README"),
}
ORIGIN, LICENCE = "techmonsterwang/iLLaMA", "none stated"
NOT_A_PICTURE = "a picture of fixed size and gives classes, not a picture"
BAD = [
    ({"patch_size": 5}, (5, 32)),
    ({"num_heads": 5}, (5, 32)),
    ({"shape": (1, 3, 32, 36)}, (32, 36)),
    ({"shape": (1, 1, 32, 32)}, (1, 3)),
]


def example(config: ILLaMAConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Normalised images; the learned positions fit one size only."""
    return (torch.rand(batch, config.in_channels, config.image_size, config.image_size) * 2 - 1,)


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^patch_projection\.", "patch_embed.proj."),
    (r"\.attention\.qkv\.", ".attn.qkv."),
    (r"\.attention\.projection\.", ".attn.proj."),
    (r"\.mlp\.gate\.", ".mlp.fc1."),
    (r"\.mlp\.expand\.", ".mlp.fc3."),
    (r"\.mlp\.contract\.", ".mlp.fc2."),
)
GOLDENS: Mapping[str, ILLaMAConfig] = {"illama_tiny": PRESETS["ti16"]}
