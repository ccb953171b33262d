"""gMLP: one half of the channels gates the other, after a linear map across all tokens.

Liu et al., "Pay Attention to MLPs", NeurIPS 2021, arXiv:2105.08050.

Input    RGB image, float, normalised by ImageNet's mean and std     b 3 image_size image_size
Output   class logits                                                b k

Symbols (paper -> code)
    n      tokens    (image_size / patch_size)^2     L       depth     depth
    d      width     dim                             d_ffn   width inside a block    dim * ratio
    U, V   channel maps     expand, contract         W, b    the gate's map over tokens     gate.tokens
Departures: none in the forward pass; stochastic depth is left out.
Quirks kept: there is no official code; counts, names and outputs are those of timm's port, where block norms have eps
    1e-6 and the gate's norm 1e-5.
Published size: 6M, 20M and 73M for Ti, S and B (unverified), their 2.7, 8.9 and 31.6 GFLOPs count two for each
    multiply-accumulate; counted 5,867,328, 19,422,656 and 73,075,392, all live, and 1.33, 4.39 and 15.72 G.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.initialise import truncated_normal
from paperlens.ops.check import check_channels, check_size


@dataclass(frozen=True, slots=True, kw_only=True)
class GMLPConfig:
    """One row of Table 1; the defaults are gMLP-S at 224 pixels."""

    image_size: int = 224
    patch_size: int = 16
    in_channels: int = 3
    num_classes: int = 1000
    dim: int = 256
    depth: int = 30
    ratio: int = 6


class GMLP(nn.Module):
    """Patches, gated blocks, the mean of the tokens, a head; no positions (Fig. 1)."""

    def __init__(self, config: GMLPConfig) -> None:
        super().__init__()
        self.config = config
        if config.image_size % config.patch_size:
            raise ValueError(f"patch_size {config.patch_size} does not divide image_size {config.image_size}")
        tokens = (config.image_size // config.patch_size) ** 2
        self.patch_projection = nn.Conv2d(
            config.in_channels, config.dim, config.patch_size, stride=config.patch_size
        )
        self.blocks = nn.Sequential(
            *(GatedBlock(tokens, config.dim, config.dim * config.ratio) for _ in range(config.depth))
        )
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        self.head = nn.Linear(config.dim, config.num_classes)
        self.apply(truncated_normal)
        for module in self.modules():
            if isinstance(module, SpatialGatingUnit):
                module.start_as_identity()

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Logits; the gates tie the network to image_size."""
        check_channels(image, self.config.in_channels)
        check_size(image, self.config.image_size, self.config.image_size)
        tokens = self.blocks(rearrange(self.patch_projection(image), "b d h w -> b (h w) d"))
        return self.head(reduce(self.norm(tokens), "b n d -> b d", "mean"))


class GatedBlock(nn.Module):
    """x + s(gelu(LN(x) U)) V, with s the spatial gating unit (Sec. 2)."""

    def __init__(self, tokens: int, dim: int, hidden_dim: int) -> None:
        super().__init__()
        if hidden_dim % 2:
            raise ValueError(f"the gate halves dim * ratio = {hidden_dim}, which 2 does not divide")
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.expand = nn.Linear(dim, hidden_dim)
        self.gate = SpatialGatingUnit(tokens, hidden_dim // 2)
        self.contract = nn.Linear(hidden_dim // 2, dim)

    def forward(self, tokens: Float[Tensor, "b n d"]) -> Float[Tensor, "b n d"]:
        """The sequence keeps its shape."""
        return tokens + self.contract(self.gate(F.gelu(self.expand(self.norm(tokens)))))


class SpatialGatingUnit(nn.Module):
    """s(Z) = Z_1 * (W LN(Z_2) + b): the only place where tokens meet (Sec. 2.1)."""

    def __init__(self, tokens: int, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.tokens = nn.Linear(tokens, tokens)

    def start_as_identity(self) -> None:
        """W near zero and b one: at the start of training a block is a plain perceptron (Sec. 2.1)."""
        nn.init.normal_(self.tokens.weight, std=1e-6)
        nn.init.ones_(self.tokens.bias)

    def forward(self, features: Float[Tensor, "b n d2"]) -> Float[Tensor, "b n d"]:
        """Half of the channels."""
        gated, gate = features.chunk(2, dim=-1)
        mixed = self.tokens(rearrange(self.norm(gate), "b n d -> b d n"))
        return gated * rearrange(mixed, "b d n -> b n d")


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = GMLP, GMLPConfig
PRESETS: Mapping[str, GMLPConfig] = {
    "ti16": GMLPConfig(dim=128),
    "s16": GMLPConfig(),
    "b16": GMLPConfig(dim=512),
    "tiny": GMLPConfig(image_size=32, patch_size=4, num_classes=10, dim=32, depth=2, ratio=4),
}
PARAMETERS: Mapping[str, int] = {"ti16": 5_867_328, "s16": 19_422_656, "b16": 73_075_392, "tiny": 23_274}
# Multiply-accumulates in G for one input of this shape.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "ti16": ((1, 3, 224, 224), 1.3290),
    "s16": ((1, 3, 224, 224), 4.3921),
    "b16": ((1, 3, 224, 224), 15.7205),
}
PUBLISHED_SIZES = {
    "ti16": ("6M", "unverified"),
    "s16": ("20M", "unverified"),
    "b16": ("73M", "public results page"),
}
ORIGIN, LICENCE = "huggingface/pytorch-image-models", "Apache-2.0"
NOT_A_PICTURE = "a picture of fixed size and gives classes, not a picture"
BAD = [
    ({"patch_size": 5}, (5, 32)),
    ({"dim": 33, "ratio": 3}, (99, 2)),
    ({"shape": (1, 3, 32, 36)}, (32, 36)),
    ({"shape": (1, 1, 32, 32)}, (1, 3)),
]


def example(config: GMLPConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Normalised images; the gates fit one size only."""
    return (torch.rand(batch, config.in_channels, config.image_size, config.image_size) * 2 - 1,)


# Our names -> those of timm's port, applied in this order.
PUBLISHED_NAMES = (
    (r"^patch_projection\.", "stem.proj."),
    (r"^(blocks\.\d+)\.(expand|contract|gate)\.", r"\1.mlp_channels.\2."),
    (r"\.gate\.tokens\.", ".gate.proj."),
    (r"\.expand\.", ".fc1."),
    (r"\.contract\.", ".fc2."),
)
GOLDENS: Mapping[str, GMLPConfig] = {"gmlp_ti16": PRESETS["ti16"], "gmlp_s16": PRESETS["s16"]}
