"""Attention inside windows, and the Swin block around it.

Liu et al., "Swin Transformer", ICCV 2021, arXiv:2103.14030, Sec. 3.2.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.biased_attention import biased_attention
from paperlens.layers.mlp import Mlp
from paperlens.ops.windows import from_windows, may_attend, relative_position_index, shift, to_windows

BLOCKED = -100.0  # the published mask: added to the logit, not minus infinity


def shift_mask(
    features: Float[Tensor, "b h w d"], window_size: int, offset: int
) -> Float[Tensor, "windows 1 n n"] | None:
    """What a shifted block adds to its logits on a map of this size; None where nothing is shifted.

    All shifted blocks of a network share one: compute it once a forward pass.
    """
    if not offset:
        return None
    allowed = may_attend(features.shape[1], features.shape[2], window_size, offset).to(features.device)
    blocked = torch.zeros(allowed.shape, dtype=features.dtype, device=features.device)
    return rearrange(blocked.masked_fill(~allowed, BLOCKED), "w n m -> w 1 n m")


class WindowAttention(nn.Module):
    """Softmax(Q K^T / sqrt(d) + B) V for each window, B learned for each relative position (Eq. 4)."""

    index: Tensor

    def __init__(self, dim: int, num_heads: int, window_size: int, *, qkv_bias: bool = True) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"num_heads {num_heads} does not divide dim {dim}")
        self.num_heads = num_heads
        self.bias_table = nn.Parameter(torch.empty((2 * window_size - 1) ** 2, num_heads))
        self.register_buffer("index", relative_position_index(window_size), persistent=False)
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)
        self.projection = nn.Linear(dim, dim)
        nn.init.trunc_normal_(self.bias_table, std=0.02)

    def forward(
        self, tokens: Float[Tensor, "bw n d"], mask: Float[Tensor, "windows 1 n n"] | None = None
    ) -> Float[Tensor, "bw n d"]:
        """Tokens of all windows of all pictures; `mask` is added to the logits of each picture's windows."""
        bias = rearrange(self.bias_table[self.index], "n m heads -> heads n m")
        heads = {"three": 3, "heads": self.num_heads}
        q, k, v = rearrange(self.qkv(tokens), "b n (three heads d) -> three b heads n d", **heads)
        attended = biased_attention(
            q, k, v, bias, mask
        )  # plain_biased_attention, in the form that is fast here
        return self.projection(rearrange(attended, "b heads n d -> b n (heads d)"))


class SwinBlock(nn.Module):
    """z' = (S)W-MSA(LN(z)) + z;  z = MLP(LN(z')) + z' (Eq. 3). `offset` is 0 or half a window."""

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window_size: int,
        offset: int,
        mlp_ratio: float,
        *,
        qkv_bias: bool = True,
    ) -> None:
        super().__init__()
        if not 0 <= offset < window_size:
            raise ValueError(
                f"offset {offset} must lie in 0 .. window_size - 1, window_size is {window_size}"
            )
        self.window_size, self.offset = window_size, offset
        self.norm1 = nn.LayerNorm(dim)
        self.attention = WindowAttention(dim, num_heads, window_size, qkv_bias=qkv_bias)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, int(dim * mlp_ratio))

    def forward(
        self, features: Float[Tensor, "b h w d"], mask: Float[Tensor, "windows 1 n n"] | None
    ) -> Float[Tensor, "b h w d"]:
        """`mask` is `shift_mask` for this map; a block that does not shift ignores it."""
        _, height, width, _ = features.shape
        windows = to_windows(shift(self.norm1(features), self.offset), self.window_size)
        attended = self.attention(windows, mask if self.offset else None)
        features = features + shift(from_windows(attended, height, width), -self.offset)
        return features + self.mlp(self.norm2(features))
