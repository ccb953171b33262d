"""MLP-Mixer: perceptrons across tokens and across channels in turn, and no attention.

Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision", NeurIPS 2021, arXiv:2105.01601.

Input    RGB image, float, normalised to mean 0.5, std 0.5    b 3 image_size image_size
Output   class logits                                         b k

Symbols (paper -> code)
    S    tokens     (image_size / patch_size)^2       C    channels     dim
    D_S  width of the token perceptron    token_dim   D_C  width of the channel perceptron    channel_dim
Departures: none in the forward pass; stochastic depth and dropout are left out. Names and outputs are those of timm's
    port, whose GELU is the exact one; the authors' JAX code takes the tanh approximation.
Published size: Table 1, 19M, 18M, 60M, 59M and 207M for S/32, S/16, B/32, B/16 and L/16 (unverified); counted
    19,104,624, 18,528,264, 60,293,428, 59,880,472 and 208,196,168, all live; 12.60 G multiply-accumulates for B/16.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.initialise import truncated_normal
from paperlens.layers.mlp import Mlp
from paperlens.ops.check import check_channels, check_size


@dataclass(frozen=True, slots=True, kw_only=True)
class MixerConfig:
    """One column of Table 1; the defaults are B/16 at 224 pixels."""

    image_size: int = 224
    patch_size: int = 16
    in_channels: int = 3
    num_classes: int = 1000
    dim: int = 768
    depth: int = 12
    token_dim: int = 384
    channel_dim: int = 3072


class Mixer(nn.Module):
    """Patches, mixing blocks, the mean of the tokens, a head; no positions (Fig. 1)."""

    def __init__(self, config: MixerConfig) -> None:
        super().__init__()
        self.config = config
        if config.image_size % config.patch_size:
            raise ValueError(f"patch_size {config.patch_size} does not divide image_size {config.image_size}")
        tokens = (config.image_size // config.patch_size) ** 2
        self.patch_projection = nn.Conv2d(
            config.in_channels, config.dim, config.patch_size, stride=config.patch_size
        )
        self.blocks = nn.Sequential(
            *(
                MixerBlock(tokens, config.dim, config.token_dim, config.channel_dim)
                for _ in range(config.depth)
            )
        )
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        self.head = nn.Linear(config.dim, config.num_classes)
        self.apply(truncated_normal)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Logits; token mixing ties the network to image_size."""
        check_channels(image, self.config.in_channels)
        check_size(image, self.config.image_size, self.config.image_size)
        tokens = self.blocks(rearrange(self.patch_projection(image), "b d h w -> b (h w) d"))
        return self.head(reduce(self.norm(tokens), "b n d -> b d", "mean"))


class MixerBlock(nn.Module):
    """U = X + MLP over tokens(LN(X));  Y = U + MLP over channels(LN(U)) (Eq. 1)."""

    def __init__(self, tokens: int, dim: int, token_dim: int, channel_dim: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.token_mlp = Mlp(tokens, token_dim)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.channel_mlp = Mlp(dim, channel_dim)

    def forward(self, tokens: Float[Tensor, "b n d"]) -> Float[Tensor, "b n d"]:
        """The sequence keeps its shape."""
        columns = rearrange(self.norm1(tokens), "b n d -> b d n")
        tokens = tokens + rearrange(self.token_mlp(columns), "b d n -> b n d")
        return tokens + self.channel_mlp(self.norm2(tokens))


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = Mixer, MixerConfig
_S = {"dim": 512, "depth": 8, "token_dim": 256, "channel_dim": 2048}
PRESETS: Mapping[str, MixerConfig] = {
    "s32": MixerConfig(patch_size=32, **_S),
    "s16": MixerConfig(**_S),
    "b32": MixerConfig(patch_size=32),
    "b16": MixerConfig(),
    "l16": MixerConfig(dim=1024, depth=24, token_dim=512, channel_dim=4096),
    "tiny": MixerConfig(
        image_size=32, patch_size=4, num_classes=10, dim=32, depth=2, token_dim=32, channel_dim=64
    ),
}
PARAMETERS: Mapping[str, int] = {
    "s32": 19_104_624,
    "s16": 18_528_264,
    "b32": 60_293_428,
    "b16": 59_880_472,
    "l16": 208_196_168,
    "tiny": 18_986,
}
# Multiply-accumulates in G for one input of this shape.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "s32": ((1, 3, 224, 224), 1.0024),
    "s16": ((1, 3, 224, 224), 3.7770),
    "b32": ((1, 3, 224, 224), 3.2377),
    "b16": ((1, 3, 224, 224), 12.6018),
    "l16": ((1, 3, 224, 224), 44.5477),
}
PUBLISHED_SIZES = {
    "s32": ("19M", "unverified"),
    "s16": ("18M", "unverified"),
    "b32": ("60M", "unverified"),
    "b16": ("59M", "unverified"),
    "l16": ("207M", "unverified"),
}
ORIGIN, LICENCE = "google-research/vision_transformer", "Apache-2.0"
NOT_A_PICTURE = "a picture of fixed size and gives classes, not a picture"
BAD = [
    ({"patch_size": 5}, (5, 32)),
    ({"shape": (1, 3, 32, 36)}, (32, 36)),
    ({"shape": (1, 1, 32, 32)}, (1, 3)),
]


def example(config: MixerConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Normalised images; token mixing fits one size only."""
    return (torch.rand(batch, config.in_channels, config.image_size, config.image_size) * 2 - 1,)


# Our names -> those of timm's port, applied in this order.
PUBLISHED_NAMES = (
    (r"^patch_projection\.", "stem.proj."),
    (r"\.token_mlp\.", ".mlp_tokens."),
    (r"\.channel_mlp\.", ".mlp_channels."),
    (r"\.expand\.", ".fc1."),
    (r"\.contract\.", ".fc2."),
)
GOLDENS: Mapping[str, MixerConfig] = {"mixer_s32": PRESETS["s32"], "mixer_b16": PRESETS["b16"]}
HEAVY = ("mixer_b16",)
