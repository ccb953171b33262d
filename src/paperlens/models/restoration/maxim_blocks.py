"""The blocks of MAXIM: mixing along two axes, gates, attention (maxim.py).

Tu et al., "MAXIM: Multi-Axis MLP for Image Processing", CVPR 2022, arXiv:2201.02973, Sec. 3.
"""

from collections.abc import Sequence
from functools import partial

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.channel_attention import ChannelAttention
from paperlens.layers.channel_norm import ChannelNorm
from paperlens.layers.pointwise import Pointwise

gelu = partial(F.gelu, approximate="tanh")
norm = partial(ChannelNorm, eps=1e-6)


class MultiAxisBlock(nn.Module):
    """1x1, then groups of multi-axis mixing and attention, a skip around them (Sec. 3.1)."""

    def __init__(
        self,
        in_dim: int,
        dim: int,
        side: int,
        attention: "type[ConvAttention | ChannelMixing]",
        *,
        groups: int,
        reduction: int,
    ) -> None:
        super().__init__()
        self.project = Pointwise(in_dim, dim)
        self.mixing = nn.ModuleList(
            MultiAxis(dim, GatedMlp(dim, side, "grid"), GatedMlp(dim, side, "block")) for _ in range(groups)
        )
        self.attention = nn.ModuleList(attention(dim, reduction) for _ in range(groups))

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """Features of the level's width."""
        projected = features = self.project(features)
        for mixing, attention in zip(self.mixing, self.attention, strict=True):
            features = attention(features + mixing(features))
        return features + projected


class MultiAxis(nn.Module):
    """Half of the channels goes along the grid, half along the blocks; both are joined (Sec. 3.2)."""

    def __init__(self, dim: int, grid: nn.Module, block: nn.Module) -> None:
        super().__init__()
        self.norm, self.expand, self.contract = norm(dim), Pointwise(dim, 2 * dim), Pointwise(2 * dim, dim)
        self.grid, self.block = grid, block

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        along_grid, in_blocks = gelu(self.expand(self.norm(features))).chunk(2, dim=1)
        return self.contract(torch.cat([self.grid(along_grid), self.block(in_blocks)], dim=1))


class GatedMlp(nn.Module):
    """gMLP along one axis: x + W2 (u * (mix(LN(v)) + 1)) with u, v the halves of gelu(W1 LN(x))."""

    def __init__(self, dim: int, side: int, axis: str) -> None:
        super().__init__()
        self.norm, self.expand = norm(dim), Pointwise(dim, 2 * dim)
        self.gate_norm, self.mix = norm(dim), AxisMixing(side, axis)
        self.contract = Pointwise(dim, dim)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        gated, gate = gelu(self.expand(self.norm(features))).chunk(2, dim=1)
        return features + self.contract(gated * (self.mix(self.gate_norm(gate)) + 1))


class AxisMixing(nn.Module):
    """One linear map over the side^2 pixels of every block, or of the grid of pixels a stride apart."""

    def __init__(self, side: int, axis: str, bias: float = 0.0) -> None:
        super().__init__()
        self.side, self.map = side, nn.Linear(side**2, side**2)
        self.image = {"grid": "b d (i p) (j q)", "block": "b d (p i) (q j)"}[axis]
        nn.init.normal_(self.map.weight, std=0.02)
        nn.init.constant_(self.map.bias, bias)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        height, width = (length // self.side for length in features.shape[2:])
        tokens = rearrange(features, f"{self.image} -> b d p q (i j)", i=self.side, j=self.side)
        return rearrange(self.map(tokens), f"b d p q (i j) -> {self.image}", i=self.side, p=height, q=width)


class CrossGating(nn.Module):
    """Each of two maps is gated by weights that the other gives; the first takes in both (Sec. 3.3)."""

    def __init__(self, x_dim: int, dim: int, side: int, coarse_dim: int | None = None) -> None:
        super().__init__()
        self.up = nn.Identity() if coarse_dim is None else nn.ConvTranspose2d(coarse_dim, dim, 2, stride=2)
        self.project_x, self.project_y = Pointwise(x_dim, dim), Pointwise(dim, dim)
        self.norm_x, self.norm_y = norm(dim), norm(dim)
        self.in_x, self.in_y = Pointwise(dim, dim), Pointwise(dim, dim)
        self.weights_x, self.weights_y = (
            MultiAxis(dim, AxisMixing(side, "grid", bias=1.0), AxisMixing(side, "block", bias=1.0))
            for _ in range(2)
        )
        self.out_x, self.out_y = Pointwise(dim, dim), Pointwise(dim, dim)

    def forward(
        self, x: Float[Tensor, "b c h w"], y: Float[Tensor, "b _ _ _"]
    ) -> tuple[Float[Tensor, "b d h w"], Float[Tensor, "b d h w"]]:
        """Both maps, gated; y may come from the level below."""
        x, y = self.project_x(x), self.project_y(self.up(y))
        from_x, from_y = gelu(self.in_x(self.norm_x(x))), gelu(self.in_y(self.norm_y(y)))
        y = y + self.out_y(from_y * self.weights_x(from_x))
        return x + y + self.out_x(from_x * self.weights_y(from_y)), y


class ConvAttention(nn.Module):
    """RCAB: x + CA(conv(lrelu(conv(LN(x)))))."""

    def __init__(self, dim: int, reduction: int) -> None:
        super().__init__()
        self.norm, self.attention = norm(dim), ChannelAttention(dim, dim // reduction)
        self.conv1, self.conv2 = nn.Conv2d(dim, dim, 3, padding=1), nn.Conv2d(dim, dim, 3, padding=1)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        return features + self.attention(self.conv2(F.leaky_relu(self.conv1(self.norm(features)), 0.2)))


class ChannelMixing(nn.Module):
    """RDCAB: x + CA(MLP(LN(x))), in the bottleneck."""

    def __init__(self, dim: int, reduction: int) -> None:
        super().__init__()
        self.norm, self.attention = norm(dim), ChannelAttention(dim, dim // reduction)
        self.expand, self.contract = Pointwise(dim, dim), Pointwise(dim, dim)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        return features + self.attention(self.contract(gelu(self.expand(self.norm(features)))))


class Gather(nn.ModuleList):
    """The maps of all levels in the size and width of one: bilinear, smoothed where it shrinks, then 1x1."""

    def __init__(self, dims: Sequence[int], level: int) -> None:
        super().__init__(Pointwise(dim, dims[level]) for dim in dims)
        self.level = level

    def forward(self, maps: Sequence[Float[Tensor, "b _ _ _"]]) -> list[Float[Tensor, "b d h w"]]:
        """One map a level, the finest first."""
        size = maps[self.level].shape[2:]
        resize = partial(F.interpolate, size=size, mode="bilinear", antialias=True, align_corners=False)
        return [
            conv(x if j == self.level else resize(x))
            for j, (conv, x) in enumerate(zip(self, maps, strict=True))
        ]


class Supervision(nn.Module):
    """SAM of MPRNet: an image, and features that attend to it (Sec. 3.4)."""

    def __init__(self, dim: int, channels: int) -> None:
        super().__init__()
        self.features = nn.Conv2d(dim, dim, 3, padding=1)
        self.image = nn.Conv2d(dim, channels, 3, padding=1)
        self.mask = nn.Conv2d(channels, dim, 3, padding=1)

    def forward(
        self, features: Float[Tensor, "b d h w"], image: Float[Tensor, "b c h w"]
    ) -> tuple[Float[Tensor, "b d h w"], Float[Tensor, "b c h w"]]:
        """Features for the next stage, and the restored image."""
        restored = self.image(features) + image
        return features + self.features(features) * self.mask(restored).sigmoid(), restored
