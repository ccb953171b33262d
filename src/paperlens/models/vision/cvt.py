"""CvT: convolutions make the tokens of a stage, and the queries, keys and values of a block.

Wu et al., "CvT: Introducing Convolutions to Vision Transformers", ICCV 2021, arXiv:2103.15808.

Input    RGB image, float, normalised by ImageNet's mean and std     b 3 h w      any size
Output   class logits                                                b k

Symbols (paper -> code)
    s    stride of a convolutional projection   query_stride, key_value_stride      C_i  width     dims[i]
    s-o  stride of a token embedding            strides[i]                          H_i  heads     num_heads[i]
Departures: stochastic depth (0.1 in the last stage while training) is left out; none at evaluation. A batch of one
    keeps its axis, which the published features squeeze away.
Quirks kept: logits are scaled by the square root of the whole width, not of a head's; GELU is x sigmoid(1.702 x);
    the class token exists in the last stage only and passes the convolutional projections by.
Published size: 20M and 4.5 G for CvT-13 (README); counted 19,997,480 and 4.57 G at 224 pixels.
    All are live but the 4,224 of the last block's query convolution: only its class token is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.initialise import truncated_normal
from paperlens.layers.mlp import Mlp, quick_gelu
from paperlens.layers.patch_embedding import PatchEmbedding
from paperlens.ops.check import check_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class CvTConfig:
    """One column of Table 2; the defaults are CvT-13."""

    in_channels: int = 3
    num_classes: int = 1000
    dims: tuple[int, ...] = (64, 192, 384)
    depths: tuple[int, ...] = (1, 2, 10)
    num_heads: tuple[int, ...] = (1, 3, 6)
    kernels: tuple[int, ...] = (7, 3, 3)
    strides: tuple[int, ...] = (4, 2, 2)
    paddings: tuple[int, ...] = (2, 1, 1)
    mlp_ratio: float = 4.0
    query_stride: int = 1
    key_value_stride: int = 2


class CvT(nn.Module):
    """Stages of overlapping patches and convolutional attention, no positions; a class token last (Sec. 3)."""

    def __init__(self, config: CvTConfig) -> None:
        super().__init__()
        self.config = config
        stages = len(config.dims)
        for name in ("depths", "num_heads", "kernels", "strides", "paddings"):
            if len(getattr(config, name)) != stages:
                raise ValueError(f"{name} has {len(getattr(config, name))} stages, dims {stages}")
        self.stages = nn.ModuleList(Stage(config, i) for i in range(stages))
        self.cls_token = nn.Parameter(torch.empty(1, 1, config.dims[-1]))
        self.norm = nn.LayerNorm(config.dims[-1])
        self.head = nn.Linear(config.dims[-1], config.num_classes)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        self.apply(truncated_normal)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Logits."""
        check_channels(image, self.config.in_channels)
        features = image
        for stage in self.stages[:-1]:
            features = stage(features)
        return self.head(self.norm(self.stages[-1](features, self.cls_token)))


class Stage(nn.Module):
    """Convolutional token embedding, then blocks (Sec. 3.1)."""

    def __init__(self, config: CvTConfig, index: int) -> None:
        super().__init__()
        dim = config.dims[index]
        self.patch_embed = PatchEmbedding(
            config.dims[index - 1] if index else config.in_channels,
            dim,
            config.strides[index],
            kernel_size=config.kernels[index],
            padding=config.paddings[index],
        )
        self.blocks = nn.ModuleList(
            Block(config, dim, config.num_heads[index]) for _ in range(config.depths[index])
        )

    def forward(
        self, features: Float[Tensor, "b c h w"], cls_token: Float[Tensor, "1 1 d"] | None = None
    ) -> Float[Tensor, "b d i j"] | Float[Tensor, "b d"]:
        """The stage's map; with a class token, its final state alone."""
        grid = self.patch_embed(features)
        batch, height, width, _ = grid.shape
        tokens = rearrange(grid, "b i j d -> b (i j) d")
        if cls_token is not None:
            tokens = torch.cat([repeat(cls_token, "1 1 d -> b 1 d", b=batch), tokens], dim=1)
        for block in self.blocks:
            tokens = block(tokens, height, width)
        if cls_token is not None:
            return tokens[:, 0]
        return rearrange(tokens, "b (i j) d -> b d i j", i=height)


class Block(nn.Module):
    """z' = Attention(LN(z)) + z;  z = MLP(LN(z')) + z' (Sec. 3.1)."""

    def __init__(self, config: CvTConfig, dim: int, num_heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attention = ConvolutionalProjectionAttention(
            dim, num_heads, config.query_stride, config.key_value_stride
        )
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, int(dim * config.mlp_ratio), quick_gelu)

    def forward(self, tokens: Float[Tensor, "b n d"], height: int, width: int) -> Float[Tensor, "b n d"]:
        """The sequence keeps its shape."""
        tokens = tokens + self.attention(self.norm1(tokens), height, width)
        return tokens + self.mlp(self.norm2(tokens))


class ConvolutionalProjectionAttention(nn.Module):
    """Queries, keys and values by depth-wise separable convolutions, then attention (Sec. 3.2)."""

    def __init__(self, dim: int, num_heads: int, query_stride: int, key_value_stride: int) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"num_heads {num_heads} does not divide dim {dim}")
        self.num_heads, self.scale = num_heads, dim**-0.5
        self.query = ConvolutionalProjection(dim, query_stride)
        self.key = ConvolutionalProjection(dim, key_value_stride)
        self.value = ConvolutionalProjection(dim, key_value_stride)
        self.projection = nn.Linear(dim, dim)

    def forward(self, tokens: Float[Tensor, "b n d"], height: int, width: int) -> Float[Tensor, "b n d"]:
        """Every token attends to the class token and to a map `key_value_stride` times as narrow."""
        q, k, v = (
            rearrange(make(tokens, height, width), "b n (heads d) -> b heads n d", heads=self.num_heads)
            for make in (self.query, self.key, self.value)
        )
        attended = F.scaled_dot_product_attention(q, k, v, scale=self.scale)
        return self.projection(rearrange(attended, "b heads n d -> b n (heads d)"))


class ConvolutionalProjection(nn.Module):
    """Depth-wise convolution, BatchNorm, then one linear map of every token (Sec. 3.2)."""

    def __init__(self, dim: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, stride=stride, padding=1, groups=dim, bias=False)
        self.norm = nn.BatchNorm2d(dim)
        self.point = nn.Linear(dim, dim)

    def forward(self, tokens: Float[Tensor, "b n d"], height: int, width: int) -> Float[Tensor, "b m e"]:
        """Tokens before the grid's own, such as the class token, meet the linear map alone."""
        extra = tokens.shape[1] - height * width
        grid = rearrange(tokens[:, extra:], "b (i j) d -> b d i j", i=height)
        seen = rearrange(self.norm(self.conv(grid)), "b d i j -> b (i j) d")
        return self.point(torch.cat([tokens[:, :extra], seen], dim=1))


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = CvT, CvTConfig
PRESETS: Mapping[str, CvTConfig] = {
    "13": CvTConfig(),
    "tiny": CvTConfig(
        num_classes=10,
        dims=(12, 24),
        depths=(1, 2),
        num_heads=(1, 2),
        kernels=(7, 3),
        strides=(4, 2),
        paddings=(2, 1),
    ),
}
PARAMETERS: Mapping[str, int] = {"13": 19_997_480, "tiny": 23_098}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {"13": ((1, 3, 224, 224), 4.5661)}
PUBLISHED_SIZES = {"13": ("20M", "CvT's README")}
ORIGIN, LICENCE = "microsoft/CvT", "MIT"
NOT_A_PICTURE = "a picture and gives classes, not a picture"
BAD = [
    ({"depths": (1, 2, 3)}, (3, 2)),
    ({"num_heads": (5, 2)}, (5, 12)),
    ({"shape": (1, 1, 32, 32)}, (1, 3)),
]


def example(config: CvTConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Normalised images of any size."""
    height, width = ((32, 40), (35, 29), (50, 61))[step]
    return (torch.rand(batch, config.in_channels, height, width) * 2 - 1,)


def published_names(config: CvTConfig) -> tuple[tuple[str, str], ...]:
    """Our names -> the published ones; the class token belongs to the last stage there."""
    return (
        (r"^cls_token$", f"stage{len(config.dims) - 1}.cls_token"),
        (r"^stages\.(\d+)\.", r"stage\1."),
        (r"\.patch_embed\.projection\.", ".patch_embed.proj."),
        (r"\.attention\.([qkv])[a-z]+\.conv\.", r".attn.conv_proj_\1.conv."),
        (r"\.attention\.([qkv])[a-z]+\.norm\.", r".attn.conv_proj_\1.bn."),
        (r"\.attention\.([qkv])[a-z]+\.point\.", r".attn.proj_\1."),
        (r"\.attention\.projection\.", ".attn.proj."),
        (r"\.mlp\.expand\.", ".mlp.fc1."),
        (r"\.mlp\.contract\.", ".mlp.fc2."),
    )


def dead(config: CvTConfig) -> tuple[str, ...]:
    """Of the last block only the class token is read, whose query no convolution makes."""
    return (rf"stage{len(config.dims) - 1}\.blocks\.{config.depths[-1] - 1}\.attn\.conv_proj_q\..*",)


GOLDENS: Mapping[str, CvTConfig] = {"cvt_13": PRESETS["13"]}
HEAVY = ("cvt_13",)
FLOAT32 = ("cvt_13",)  # its LayerNorm casts to single precision
