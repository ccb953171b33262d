"""ViTPose++: one backbone for several data sets of poses, with an expert and a decoder for each.

Xu et al., "ViTPose++: Vision Transformer for Generic Body Pose Estimation", TPAMI 2024, arXiv:2212.04246 (version 1
calls it ViTPose+).

Input    RGB image of one person or animal, float, normalised by      b 3 height width
         ImageNet's mean and std; which data set all of them are of
Output   a heat map for each joint of this data set                   b k h w

Symbols: see vitpose.py. Differs from it in the perceptrons: the last `expert_dim` features of each come from the
    data set's own expert, the others are shared.
Departures: a batch is of one data set, and only its expert is computed; the authors compute all and hide five, which
    costs 6.8 G multiply-accumulates more and gives the same.
Quirks: see vitpose.py; the experts are chosen by the data set, no gate decides.
Published size: 86M at test time, one expert; counted 146,422,742 with six experts and decoders.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.encoder_block import SelfAttention
from paperlens.layers.initialise import truncated_normal
from paperlens.models.vision.vitpose import ClassicDecoder, PatchPositions


@dataclass(frozen=True, slots=True, kw_only=True)
class ViTPoseMoEConfig:
    """The defaults are ViTPose++-B: COCO, AIC, MPII, AP-10K, APT-36K, COCO-WholeBody."""

    height: int = 256
    width: int = 192
    patch_size: int = 16
    in_channels: int = 3
    joints: tuple[int, ...] = (17, 14, 16, 17, 17, 133)
    dim: int = 768
    depth: int = 12
    num_heads: int = 12
    mlp_ratio: float = 4.0
    expert_dim: int = 192


class ViTPoseMoE(nn.Module):
    """ViTPose with shared attention, partly shared perceptrons, and a decoder for each data set."""

    def __init__(self, config: ViTPoseMoEConfig) -> None:
        super().__init__()
        self.config = config
        if not 0 < config.expert_dim < config.dim:
            raise ValueError(f"expert_dim {config.expert_dim} must lie in 1 .. dim - 1, dim is {config.dim}")
        self.embed = PatchPositions(
            config.height, config.width, config.patch_size, config.in_channels, config.dim
        )
        self.blocks = nn.ModuleList(ExpertBlock(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        self.decoders = nn.ModuleList(ClassicDecoder(config.dim, k) for k in config.joints)
        self.blocks.apply(truncated_normal)

    def forward(self, image: Float[Tensor, "b c h w"], dataset: int = 0) -> Float[Tensor, "b k y x"]:
        """Heat maps; ValueError for an image of another size or channels, or a data set that is none."""
        if not 0 <= dataset < len(self.decoders):
            raise ValueError(f"dataset {dataset} must lie in 0 .. {len(self.decoders) - 1}")
        z = self.embed(image)
        for block in self.blocks:
            z = block(z, dataset)
        rows = self.config.height // self.config.patch_size
        return self.decoders[dataset](rearrange(self.norm(z), "b (h w) d -> b d h w", h=rows))


class ExpertBlock(nn.Module):
    """z' = MSA(LN(z)) + z;  z = [shared, expert](LN(z')) + z'."""

    def __init__(self, config: ViTPoseMoEConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.dim, eps=1e-6)
        self.attention = SelfAttention(config.dim, config.num_heads)
        self.norm2 = nn.LayerNorm(config.dim, eps=1e-6)
        self.mlp = ExpertMlp(
            config.dim, int(config.dim * config.mlp_ratio), config.expert_dim, len(config.joints)
        )

    def forward(self, z: Float[Tensor, "b n d"], dataset: int) -> Float[Tensor, "b n d"]:
        """The sequence keeps its shape."""
        z = z + self.attention(self.norm1(z))
        return z + self.mlp(self.norm2(z), dataset)


class ExpertMlp(nn.Module):
    """Widen, exact GELU, narrow: most features by shared weights, the last ones by the data set's own."""

    def __init__(self, dim: int, hidden_dim: int, expert_dim: int, experts: int) -> None:
        super().__init__()
        self.expand = nn.Linear(dim, hidden_dim)
        self.contract = nn.Linear(hidden_dim, dim - expert_dim)
        self.experts = nn.ModuleList(nn.Linear(hidden_dim, expert_dim) for _ in range(experts))

    def forward(self, z: Float[Tensor, "b n d"], dataset: int) -> Float[Tensor, "b n d"]:
        """Token by token."""
        hidden = F.gelu(self.expand(z))
        return torch.cat([self.contract(hidden), self.experts[dataset](hidden)], dim=-1)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = ViTPoseMoE, ViTPoseMoEConfig
PRESETS: Mapping[str, ViTPoseMoEConfig] = {
    "b": ViTPoseMoEConfig(),
    "tiny": ViTPoseMoEConfig(
        height=32, width=24, patch_size=8, joints=(5, 3), dim=32, depth=2, num_heads=2, expert_dim=8
    ),
}
PARAMETERS: Mapping[str, int] = {"b": 146_422_742, "tiny": 2_397_528}
# Multiply-accumulates in G for one input of this shape; as published, all experts computed, 25.3176.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {"b": ((1, 3, 256, 192), 18.5228)}
PUBLISHED_SIZES = {"b": ("86M at test time", "unverified")}
ORIGIN, LICENCE = "ViTAE-Transformer/ViTPose", "Apache-2.0"
NOT_A_PICTURE = "a picture of one person and gives heat maps of joints"
BAD = [
    ({"expert_dim": 32}, (32, 1)),
    ({"num_heads": 5}, (5, 32)),
    ({"shape": (1, 3, 32, 32)}, (32, 24)),
    ({"shape": (1, 1, 32, 24)}, (1, 3)),
]


def example(config: ViTPoseMoEConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Normalised images of the first data set; the learned positions fit one size only."""
    return (torch.rand(batch, config.in_channels, config.height, config.width) * 2 - 1,)


def run_published(model: ViTPoseMoE, image: Tensor, index: Tensor) -> Tensor:
    """The authors give the data set's number with each image; here all must be of one."""
    numbers = sorted({int(i) for i in index})
    if len(numbers) != 1:
        raise ValueError(f"a batch is of one data set, not of {numbers}")
    return model(image, numbers[0])


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^embed\.projection\.", "backbone.patch_embed.proj."),
    (r"^embed\.pos_embed$", "backbone.pos_embed"),
    (r"^blocks\.", "backbone.blocks."),
    (r"^norm\.", "backbone.last_norm."),
    (r"^decoders\.0\.", "keypoint_head."),
    (r"^decoders\.(\d+)\.", lambda m: f"associate_keypoint_heads.{int(m[1]) - 1}."),
    (r"(keypoint_head|heads\.\d+)\.6\.", r"\1.final_layer."),
    (r"(keypoint_head|heads\.\d+)\.(\d+)\.", r"\1.deconv_layers.\2."),
    (r"\.attention\.qkv\.", ".attn.qkv."),
    (r"\.attention\.projection\.", ".attn.proj."),
    (r"\.mlp\.expand\.", ".mlp.fc1."),
    (r"\.mlp\.contract\.", ".mlp.fc2."),
)
# What the first data set, of which the example and the golden file are, does not reach.
DEAD = (r"backbone\.blocks\.\d+\.mlp\.experts\.[1-9]\d*\..*", r"associate_keypoint_heads\..*")
GOLDENS: Mapping[str, ViTPoseMoEConfig] = {"vitpose_plus_b_moe": PRESETS["b"]}
HEAVY = ("vitpose_plus_b_moe",)
