"""ViTPose: a plain vision transformer finds a person's joints.

Xu et al., "ViTPose: Simple Vision Transformer Baselines for Human Pose Estimation", NeurIPS 2022, arXiv:2204.12484.

Input    RGB image of one person, float, normalised by ImageNet's     b 3 height width
         mean and std
Output   a heat map for each joint, a quarter of the size             b k h w

Symbols (paper -> code)
    classic decoder (Eq. 2), simple decoder (Eq. 3)   head = "classic", "simple"      N_k, joints   joints
`ops.heatmaps.peaks` reads the joints from the maps. With experts for several data sets: vitpose_moe.py.
Departures: stochastic depth and dropout are left out.
Quirks, as published: the patches' convolution pads by 2. There is no class token, but its position is there, and is
    added to every patch's. The simple decoder's rectifier comes before its upsampling.
Published size: 86M for ViTPose-B; counted 89,994,513 (classic) and 85,912,337 (simple), all live.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.encoder_block import EncoderBlock
from paperlens.layers.initialise import truncated_normal
from paperlens.ops.check import check_channels, check_size

PADDING = 2  # of the patches' convolution
DECODER_DIM = 256
ENLARGE = 4  # from tokens to heat maps


@dataclass(frozen=True, slots=True, kw_only=True)
class ViTPoseConfig:
    """The defaults are ViTPose-B with the classic decoder."""

    height: int = 256
    width: int = 192
    patch_size: int = 16
    in_channels: int = 3
    joints: int = 17
    dim: int = 768
    depth: int = 12
    num_heads: int = 12
    mlp_ratio: float = 4.0
    head: Literal["classic", "simple"] = "classic"


class ViTPose(nn.Module):
    """Patches with positions, pre-norm blocks, a decoder (Fig. 2)."""

    def __init__(self, config: ViTPoseConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = PatchPositions(
            config.height, config.width, config.patch_size, config.in_channels, config.dim
        )
        self.blocks = nn.Sequential(
            *(EncoderBlock(config.dim, config.num_heads, config.mlp_ratio) for _ in range(config.depth))
        )
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        if config.head not in ("classic", "simple"):
            raise ValueError(f"head {config.head!r} is neither 'classic' nor 'simple', of these 2")
        decoder = ClassicDecoder if config.head == "classic" else SimpleDecoder
        self.decoder = decoder(config.dim, config.joints)
        self.blocks.apply(truncated_normal)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k y x"]:
        """Heat maps; ValueError for an image of another size or with other channels."""
        z = self.norm(self.blocks(self.embed(image)))
        rows = self.config.height // self.config.patch_size
        return self.decoder(rearrange(z, "b (h w) d -> b d h w", h=rows))


class PatchPositions(nn.Module):
    """Every patch as a token, with its own position and the class token's added."""

    def __init__(self, height: int, width: int, patch_size: int, in_channels: int, dim: int) -> None:
        super().__init__()
        for name, side in (("height", height), ("width", width)):
            if side % patch_size:
                raise ValueError(f"patch_size {patch_size} does not divide {name} {side}")
        if patch_size <= 2 * PADDING:
            raise ValueError(f"patch_size {patch_size} must be more than {2 * PADDING}, twice the padding")
        self.height, self.width, self.in_channels = height, width, in_channels
        self.projection = nn.Conv2d(in_channels, dim, patch_size, stride=patch_size, padding=PADDING)
        tokens = (height // patch_size) * (width // patch_size)
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + tokens, dim))
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b n d"]:
        """Tokens, row by row."""
        check_channels(image, self.in_channels)
        check_size(image, self.height, self.width)
        tokens = rearrange(self.projection(image), "b d h w -> b (h w) d")
        return tokens + self.pos_embed[:, 1:] + self.pos_embed[:, :1]


class ClassicDecoder(nn.Sequential):
    """Two deconvolutions, each with BatchNorm and a rectifier, then a 1x1 convolution (Eq. 2)."""

    def __init__(self, dim: int, joints: int) -> None:
        steps = []
        for channels in (dim, DECODER_DIM):
            steps += [
                nn.ConvTranspose2d(channels, DECODER_DIM, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(DECODER_DIM),
                nn.ReLU(),
            ]
        super().__init__(*steps, nn.Conv2d(DECODER_DIM, joints, 1))
        for layer in self:
            if isinstance(layer, (nn.ConvTranspose2d, nn.Conv2d)):
                nn.init.normal_(layer.weight, std=0.001)


class SimpleDecoder(nn.Module):
    """A rectifier, bilinear upsampling by 4, a 3x3 convolution (Eq. 3)."""

    def __init__(self, dim: int, joints: int) -> None:
        super().__init__()
        self.last = nn.Conv2d(dim, joints, 3, padding=1)
        nn.init.normal_(self.last.weight, std=0.001)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b k y x"]:
        """Heat maps."""
        return self.last(F.interpolate(F.relu(features), scale_factor=ENLARGE, mode="bilinear"))


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = ViTPose, ViTPoseConfig
PRESETS: Mapping[str, ViTPoseConfig] = {
    "b_classic": ViTPoseConfig(),
    "b_simple": ViTPoseConfig(head="simple"),
    "tiny": ViTPoseConfig(height=32, width=24, patch_size=8, joints=5, dim=32, depth=2, num_heads=2),
}
PARAMETERS: Mapping[str, int] = {"b_classic": 89_994_513, "b_simple": 85_912_337, "tiny": 1_214_021}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "b_classic": ((1, 3, 256, 192), 18.5228),
    "b_simple": ((1, 3, 256, 192), 17.4611),
}
PUBLISHED_SIZES = {"b_classic": ("86M", "unverified"), "b_simple": ("86M", "unverified")}
ORIGIN, LICENCE = "ViTAE-Transformer/ViTPose", "Apache-2.0"
NOT_A_PICTURE = "a picture of one person and gives heat maps of joints"
BAD = [
    ({"patch_size": 7}, (7, 32)),
    ({"num_heads": 5}, (5, 32)),
    ({"shape": (1, 3, 32, 32)}, (32, 24)),
    ({"shape": (1, 1, 32, 24)}, (1, 3)),
]


def example(config: ViTPoseConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Normalised images; the learned positions fit one size only."""
    return (torch.rand(batch, config.in_channels, config.height, config.width) * 2 - 1,)


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^embed\.projection\.", "backbone.patch_embed.proj."),
    (r"^embed\.pos_embed$", "backbone.pos_embed"),
    (r"^blocks\.", "backbone.blocks."),
    (r"^norm\.", "backbone.last_norm."),
    (r"^decoder\.(6|last)\.", "keypoint_head.final_layer."),
    (r"^decoder\.", "keypoint_head.deconv_layers."),
    (r"\.attention\.qkv\.", ".attn.qkv."),
    (r"\.attention\.projection\.", ".attn.proj."),
    (r"\.mlp\.expand\.", ".mlp.fc1."),
    (r"\.mlp\.contract\.", ".mlp.fc2."),
)
GOLDENS: Mapping[str, ViTPoseConfig] = {
    "vitpose_b_classic": PRESETS["b_classic"],
    "vitpose_b_simple": PRESETS["b_simple"],
}
HEAVY = ("vitpose_b_classic", "vitpose_b_simple")
