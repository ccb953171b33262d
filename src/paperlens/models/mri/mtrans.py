"""MTrans: two transformers of two patch sizes, each asking itself and the other contrast at once.

Feng et al., "Multi-Modal Transformer for Accelerated MR Imaging", IEEE TMI 2022, arXiv:2106.14248v3
(sections of that; its numbered equations were not at hand).

Input    slice, low-resolution or aliased; guide of full resolution    b 1 h w, b 1 (h scale) (w scale)
Output   slice enlarged or reconstructed; the guide restored           b 1 (h scale) (w scale) twice

Symbols (paper -> code)
    tar, aux      target, guide            P   patch side           patch_size, guide_patch_size
    S  scale      scale (1 reconstructs)   C   channels of a head   dim
Departures: none. Quirks kept: a token holds all values of its patch (1024 or 4096) and is projected to the *other*
    branch's width before it attends, so that the target's blocks, 4096 wide, hold nine tenths of the parameters; the
    position embeddings fix the picture's size; inside a block the residual starts from the normalised tokens, and
    attention adds its query's tokens before its projection.
Published size: none in the paper. Counted 782,474,018 to enlarge by 2 and 783,693,410 to reconstruct, all live. Only
    the first has golden outputs; the published names of the second's last layers are a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.mlp import Mlp
from paperlens.layers.upsample import SubPixelUpsample
from paperlens.ops.check import check_channels

Tokens = Float[Tensor, "b n d"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MTransConfig:
    """The defaults are super-resolution by 2, `sr_multi_cross`."""

    image_size: int = 320  # of guide and output
    scale: int = 2
    dim: int = 16
    patch_size: int = 8
    guide_patch_size: int = 16
    depth: int = 4
    num_heads: int = 4
    mlp_ratio: int = 3


class MTrans(nn.Module):
    """Heads, patches, cross transformers, tails (Sec. III)."""

    def __init__(self, config: MTransConfig) -> None:
        super().__init__()
        self.config = config
        dim, high, low = config.dim, config.image_size, config.image_size // config.scale
        if low * config.scale != high:
            raise ValueError(f"scale {config.scale} does not divide image_size {high}")
        self.head, self.guide_head = Head(dim), Head(dim)
        self.patches = Patches(low, config.patch_size, dim)
        self.guide_patches = Patches(high, config.guide_patch_size, dim)
        width, guide_width = self.patches.width, self.guide_patches.width
        self.blocks = nn.ModuleList(CrossBlock(width, guide_width, config) for _ in range(config.depth))
        self.guide_blocks = nn.ModuleList(CrossBlock(guide_width, width, config) for _ in range(config.depth))
        if config.scale == 1:
            self.tail: nn.Module = nn.Conv2d(dim, 1, 1)
        else:
            self.tail = nn.Sequential(SubPixelUpsample(dim, config.scale), nn.Conv2d(dim, 1, 3, padding=1))
        self.guide_tail = nn.Conv2d(dim, 1, 1)

    def forward(
        self, degraded: Float[Tensor, "b c h w"], guide: Float[Tensor, "b e H W"]
    ) -> tuple[Float[Tensor, "b 1 H W"], Float[Tensor, "b 1 H W"]]:
        """The slice restored and the guide; ValueError for a size that is not the configuration's."""
        tokens = self.patches.cut(self.head(degraded))
        other = self.guide_patches.cut(self.guide_head(guide))
        for block, guide_block in zip(self.blocks, self.guide_blocks, strict=True):
            tokens = block(tokens, other) + tokens
            other = guide_block(other, tokens) + other
        return self.tail(self.patches.join(tokens)), self.guide_tail(self.guide_patches.join(other))


class Head(nn.Module):
    """Three convolutions, each normalised over the batch (Sec. III)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(c, dim, 3, padding=1) for c in (1, dim, dim))
        self.norms = nn.ModuleList(nn.BatchNorm2d(dim) for _ in range(3))

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """One channel becomes `dim`; the size stays."""
        check_channels(image, 1, "slice")
        for conv, norm in zip(self.convs, self.norms, strict=True):
            image = F.relu(norm(conv(image)))
        return image


class Patches(nn.Module):
    """A map of `size` x `size` as tokens that hold their patch's values, with a learned position added."""

    def __init__(self, size: int, side: int, dim: int) -> None:
        super().__init__()
        if size % side:
            raise ValueError(f"a patch of {side} does not divide the picture's side {size}")
        self.size, self.side, self.width = size, side, dim * side**2
        self.position = nn.Parameter(torch.randn(1, (size // side) ** 2, self.width))

    def cut(self, features: Float[Tensor, "b c h w"]) -> Tokens:
        """Row by row."""
        for name, length in zip(("height", "width"), features.shape[-2:], strict=True):
            if length != self.size:
                raise ValueError(f"{name} {length} must be {self.size}, which the position embedding fixes")
        pixels = rearrange(features, "b d (y i) (x j) -> b (y x) (i j d)", i=self.side, j=self.side)
        return pixels + self.position

    def join(self, tokens: Tokens) -> Float[Tensor, "b c h w"]:
        """The map again."""
        i, y = self.side, self.size // self.side
        return rearrange(tokens, "b (y x) (i j d) -> b d (y i) (x j)", i=i, j=i, y=y)


class CrossBlock(nn.Module):
    """Project to the other branch's width, attend to both, MLP, project back (Sec. III, cross attention module)."""

    def __init__(self, dim: int, other_dim: int, config: MTransConfig) -> None:
        super().__init__()
        self.project_in, self.project_out = nn.Linear(dim, other_dim), nn.Linear(other_dim, dim)
        self.norm, self.other_norm = nn.LayerNorm(other_dim), nn.LayerNorm(other_dim)
        self.attention = CrossAttention(other_dim, config.num_heads)
        self.mlp_norm = nn.LayerNorm(other_dim)
        self.mlp = Mlp(other_dim, config.mlp_ratio * other_dim)

    def forward(self, tokens: Tokens, other: Float[Tensor, "b m e"]) -> Tokens:
        """The shape stays."""
        z = self.norm(self.project_in(tokens))
        z = z + self.attention(z, self.other_norm(other))  # from the normalised z, as published
        return self.project_out(z + self.mlp(self.mlp_norm(z)))


class CrossAttention(nn.Module):
    """Queries from one branch, keys and values from both; unlike `layers.attention` the query's tokens are added."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"num_heads {num_heads} does not divide dim {dim}")
        self.num_heads = num_heads
        self.query, self.key_value = nn.Linear(dim, dim, bias=False), nn.Linear(dim, 2 * dim, bias=False)
        self.projection = nn.Linear(dim, dim)

    def forward(self, tokens: Tokens, other: Float[Tensor, "b m d"]) -> Tokens:
        """The shape of `tokens`."""
        q = rearrange(self.query(tokens), "b n (heads d) -> b heads n d", heads=self.num_heads)
        both = self.key_value(torch.cat([tokens, other], dim=1))
        k, v = rearrange(both, "b n (two heads d) -> two b heads n d", two=2, heads=self.num_heads)
        attended = F.scaled_dot_product_attention(q, k, v)
        return self.projection(tokens + rearrange(attended, "b heads n d -> b n (heads d)"))


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = MTrans, MTransConfig
PRESETS: Mapping[str, MTransConfig] = {
    "sr_cross": MTransConfig(),
    "rec_cross": MTransConfig(scale=1),
    "tiny": MTransConfig(image_size=16, dim=2, patch_size=2, guide_patch_size=4, depth=2, num_heads=2),
}
PARAMETERS: Mapping[str, int] = {"sr_cross": 782_474_018, "rec_cross": 783_693_410, "tiny": 25_878}
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "sr_cross": (((1, 1, 160, 160), (1, 1, 320, 320)), 383.0665),
    "rec_cross": (((1, 1, 320, 320), (1, 1, 320, 320)), 1337.1245),
}
ORIGIN, LICENCE = "chunmeifeng/MTrans", "none stated"
NOT_A_PICTURE = "a guide of another contrast too: call it from Python, model(slice, guide)"
BAD = [
    ({"num_heads": 3}, (3, 32)),
    ({"patch_size": 3}, (3, 8)),
    ({"image_size": 15}, (2, 15)),
]


def example(config: MTransConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, Tensor]:
    """The one size that the position embeddings allow."""
    low, high = config.image_size // config.scale, config.image_size
    return torch.rand(batch, 1, low, low), torch.rand(batch, 1, high, high)


# Our names -> the published ones; see models/published.py.
_HEADS = {"head": "head", "guide_head": "head2"}
PUBLISHED_NAMES = (
    *(
        (rf"^{ours}\.convs\.{i}\.", f"{theirs}.conv{i + 1}.")
        for ours, theirs in _HEADS.items()
        for i in range(3)
    ),
    *(
        (rf"^{ours}\.norms\.{i}\.", f"{theirs}.bn{i + 1}.")
        for ours, theirs in _HEADS.items()
        for i in range(3)
    ),
    (r"^patches\.position$", "x_pos_embedding"),
    (r"^guide_patches\.position$", "complement_pos_embedding"),
    (r"^blocks\.(\d+)\.", r"cross_transformer.layers.\1.0."),
    (r"^guide_blocks\.(\d+)\.", r"cross_transformer.layers.\1.1."),
    (r"\.(norm|other_norm|mlp_norm|mlp|attention)\.", r".fn.\1."),
    (r"\.fn\.norm\.", ".fn.x_norm1."),
    (r"\.fn\.other_norm\.", ".fn.c_norm1."),
    (r"\.fn\.mlp_norm\.", ".fn.x_norm2."),
    (r"\.mlp\.expand\.", ".mlp.fc1."),
    (r"\.mlp\.contract\.", ".mlp.fc2."),
    (r"\.attention\.query\.", ".attn.to_q."),
    (r"\.attention\.key_value\.", ".attn.to_kv."),
    (r"\.attention\.projection\.", ".attn.proj."),
    (r"^tail\.", "up."),
    (r"^guide_tail\.", "tail."),
)
GOLDENS: Mapping[str, MTransConfig] = {"mtrans_sr_cross": PRESETS["sr_cross"]}
HEAVY = ("mtrans_sr_cross",)
