"""PVT: a pyramid of transformer stages whose attention looks at a reduced map.

Wang et al., "Pyramid Vision Transformer: A Versatile Backbone for Dense Prediction without Convolutions",
ICCV 2021, arXiv:2102.12122.

Input    RGB image, float, normalised by ImageNet's mean and std     b 3 h w      sides: multiples of 32
Output   class logits                                                b k
Symbols (paper -> code)
    C_i  width of stage i           dims[i]             R_i  reduction ratio of stage i     reductions[i]
    L_i  depth of stage i           depths[i]           N_i  heads of stage i               num_heads[i]
    P_i  patch side of stage i      patch_sizes[i]      E_i  expansion of the MLP           mlp_ratios[i]
Departures: stochastic depth (0.1 while training in the published code) is left out; none at evaluation.
Quirks kept: the class token exists in the last stage only; the norms of patches and of reduced maps have eps
    1e-5, all others 1e-6; no norm stands between stages. Positions learned for image_size are resized bilinearly to
    the map of any other image.
Published size: 13.2M, 24.5M, 44.2M, 61.4M for Tiny to Large (README); counted 13,229,288, 24,485,864,
    44,208,104 and 61,369,320, all live, and 1.93, 3.82, 6.66 and 9.81 G multiply-accumulates at 224 pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import lcm, prod
from operator import mul

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.initialise import truncated_normal
from paperlens.layers.mlp import Mlp
from paperlens.layers.patch_embedding import PatchEmbedding
from paperlens.ops.check import check_channels, check_multiple


@dataclass(frozen=True, slots=True, kw_only=True)
class PVTConfig:
    """One column of Table 1; the defaults are PVT-Small."""

    image_size: int = 224
    in_channels: int = 3
    num_classes: int = 1000
    patch_sizes: tuple[int, ...] = (4, 2, 2, 2)
    dims: tuple[int, ...] = (64, 128, 320, 512)
    depths: tuple[int, ...] = (3, 4, 6, 3)
    num_heads: tuple[int, ...] = (1, 2, 5, 8)
    mlp_ratios: tuple[int, ...] = (8, 8, 4, 4)
    reductions: tuple[int, ...] = (8, 4, 2, 1)


class PVT(nn.Module):
    """Stages of patches, positions and blocks, each on a smaller map; a class token in the last (Fig. 3)."""

    def __init__(self, config: PVTConfig) -> None:
        super().__init__()
        self.config = config
        stages = len(config.dims)
        for name in ("patch_sizes", "depths", "num_heads", "mlp_ratios", "reductions"):
            if len(getattr(config, name)) != stages:
                raise ValueError(f"{name} has {len(getattr(config, name))} stages, dims {stages}")
        if config.reductions[-1] != 1:
            raise ValueError(
                f"the last stage keeps a class token: its reduction is 1, not {config.reductions[-1]}"
            )
        self.stages = nn.ModuleList(Stage(config, i) for i in range(stages))
        self.cls_token = nn.Parameter(torch.empty(1, 1, config.dims[-1]))
        self.norm = nn.LayerNorm(config.dims[-1], eps=1e-6)
        self.head = nn.Linear(config.dims[-1], config.num_classes)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        self.apply(truncated_normal)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Logits; ValueError for sides that the strides of all stages do not divide."""
        check_channels(image, self.config.in_channels)
        strides = accumulate(self.config.patch_sizes, mul)
        check_multiple(image, lcm(*map(mul, strides, self.config.reductions)))
        features = image
        for stage in self.stages[:-1]:
            features = stage(features)
        return self.head(self.norm(self.stages[-1](features, self.cls_token)))


class Stage(nn.Module):
    """Patch embedding, learned positions, encoder blocks; a pyramid's level (Sec. 3.2)."""

    def __init__(self, config: PVTConfig, index: int) -> None:
        super().__init__()
        dim, last = config.dims[index], index == len(config.dims) - 1
        self.side = config.image_size // prod(config.patch_sizes[: index + 1])
        in_channels = config.dims[index - 1] if index else config.in_channels
        self.patch_embed = PatchEmbedding(in_channels, dim, config.patch_sizes[index])
        self.pos_embed = nn.Parameter(torch.empty(1, self.side**2 + last, dim))
        self.blocks = nn.ModuleList(
            Block(dim, config.num_heads[index], config.reductions[index], config.mlp_ratios[index])
            for _ in range(config.depths[index])
        )
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(
        self, features: Float[Tensor, "b c h w"], cls_token: Float[Tensor, "1 1 d"] | None = None
    ) -> Float[Tensor, "b d i j"] | Float[Tensor, "b d"]:
        """The stage's map; with a class token, its final state alone."""
        grid = self.patch_embed(features)
        batch, height, width, _ = grid.shape
        tokens = rearrange(grid, "b i j d -> b (i j) d")
        if cls_token is not None:
            tokens = torch.cat([repeat(cls_token, "1 1 d -> b 1 d", b=batch), tokens], dim=1)
        tokens = tokens + self._positions(height, width)
        for block in self.blocks:
            tokens = block(tokens, height, width)
        if cls_token is not None:
            return tokens[:, 0]
        return rearrange(tokens, "b (i j) d -> b d i j", i=height)

    def _positions(self, height: int, width: int) -> Float[Tensor, "1 n d"]:
        if (height, width) == (self.side, self.side):
            return self.pos_embed
        extra = self.pos_embed.shape[1] - self.side**2  # the class token's
        grid = rearrange(self.pos_embed[:, extra:], "1 (i j) d -> 1 d i j", i=self.side)
        resized = F.interpolate(grid, (height, width), mode="bilinear", align_corners=False)
        return torch.cat([self.pos_embed[:, :extra], rearrange(resized, "1 d i j -> 1 (i j) d")], dim=1)


class Block(nn.Module):
    """z' = SRA(LN(z)) + z;  z = MLP(LN(z')) + z' (Fig. 3, transformer encoder)."""

    def __init__(self, dim: int, num_heads: int, reduction: int, mlp_ratio: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attention = SpatialReductionAttention(dim, num_heads, reduction)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim, dim * mlp_ratio)

    def forward(self, tokens: Float[Tensor, "b n d"], height: int, width: int) -> Float[Tensor, "b n d"]:
        """The sequence keeps its shape."""
        tokens = tokens + self.attention(self.norm1(tokens), height, width)
        return tokens + self.mlp(self.norm2(tokens))


class SpatialReductionAttention(nn.Module):
    """Queries from all tokens, keys and values from a map R times as narrow and as low (Sec. 3.3)."""

    def __init__(self, dim: int, num_heads: int, reduction: int) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"num_heads {num_heads} does not divide dim {dim}")
        self.num_heads, self.reduction = num_heads, reduction
        self.query = nn.Linear(dim, dim)
        self.key_value = nn.Linear(dim, 2 * dim)
        self.projection = nn.Linear(dim, dim)
        if reduction > 1:
            self.reduce = PatchEmbedding(dim, dim, reduction)  # SR(x) = Norm(Reshape(x, R) W^S)

    def forward(self, tokens: Float[Tensor, "b n d"], height: int, width: int) -> Float[Tensor, "b n d"]:
        """Every token attends to the reduced map."""
        memory = tokens
        if self.reduction > 1:
            grid = rearrange(tokens, "b (i j) d -> b d i j", i=height, j=width)
            memory = rearrange(self.reduce(grid), "b i j d -> b (i j) d")
        heads = {"heads": self.num_heads}
        q = rearrange(self.query(tokens), "b n (heads d) -> b heads n d", **heads)
        k, v = rearrange(self.key_value(memory), "b m (two heads d) -> two b heads m d", two=2, **heads)
        attended = F.scaled_dot_product_attention(q, k, v)
        return self.projection(rearrange(attended, "b heads n d -> b n (heads d)"))


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = PVT, PVTConfig
PRESETS: Mapping[str, PVTConfig] = {
    "tiny_224": PVTConfig(depths=(2, 2, 2, 2)),
    "small": PVTConfig(),
    "medium": PVTConfig(depths=(3, 4, 18, 3)),
    "large": PVTConfig(depths=(3, 8, 27, 3)),
    "tiny": PVTConfig(
        image_size=32,
        num_classes=10,
        patch_sizes=(4, 2),
        dims=(16, 32),
        depths=(1, 2),
        num_heads=(1, 2),
        mlp_ratios=(4, 2),
        reductions=(2, 1),
    ),
}
PARAMETERS: Mapping[str, int] = {
    "tiny_224": 13_229_288,
    "small": 24_485_864,
    "medium": 44_208_104,
    "large": 61_369_320,
    "tiny": 26_394,
}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "tiny_224": ((1, 3, 224, 224), 1.9329),
    "small": ((1, 3, 224, 224), 3.8157),
    "medium": ((1, 3, 224, 224), 6.6592),
    "large": ((1, 3, 224, 224), 9.8138),
}
PUBLISHED_SIZES = {
    "tiny_224": ("13.2M", "PVT's README"),
    "small": ("24.5M", "PVT's README"),
    "medium": ("44.2M", "PVT's README"),
    "large": ("61.4M", "PVT's README"),
}
ORIGIN, LICENCE = "whai362/PVT", "Apache-2.0"
NOT_A_PICTURE = "a picture and gives classes, not a picture"
BAD = [
    ({"depths": (1, 2, 3)}, (3, 2)),
    ({"reductions": (2, 2)}, (1, 2)),
    ({"num_heads": (3, 2)}, (3, 16)),
    ({"shape": (1, 3, 32, 36)}, (8, 36)),
    ({"shape": (1, 1, 32, 32)}, (1, 3)),
]


def example(config: PVTConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Normalised images; step 1 and 2 have sides to which the positions are resized."""
    height, width = ((32, 32), (32, 64), (96, 64))[step]
    return (torch.rand(batch, config.in_channels, height, width) * 2 - 1,)


def published_names(config: PVTConfig) -> tuple[tuple[str, str], ...]:
    """Our names -> the published ones, where the stages count from 1."""
    numbered = (("patch_embed.", "patch_embed{}."), ("pos_embed", "pos_embed{}"), ("blocks.", "block{}."))
    return (
        *(
            (rf"^stages\.{i}\.{ours}", published.format(i + 1))
            for i in range(len(config.dims))
            for ours, published in numbered
        ),
        (r"^(patch_embed\d+\.)projection\.", r"\1proj."),
        (r"\.attention\.reduce\.projection\.", ".attn.sr."),
        (r"\.attention\.reduce\.norm\.", ".attn.norm."),
        (r"\.attention\.query\.", ".attn.q."),
        (r"\.attention\.key_value\.", ".attn.kv."),
        (r"\.attention\.projection\.", ".attn.proj."),
        (r"\.mlp\.expand\.", ".mlp.fc1."),
        (r"\.mlp\.contract\.", ".mlp.fc2."),
    )


GOLDENS: Mapping[str, PVTConfig] = {"pvt_tiny": PRESETS["tiny_224"], "pvt_small": PRESETS["small"]}
