"""Attention of the queries of a window to a larger window around it.

Chen et al., "Activating More Pixels in Image Super-Resolution Transformer", CVPR 2023, arXiv:2205.04437v3, Sec. 3.2.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.biased_attention import biased_attention
from paperlens.ops.overlapping_windows import overlapping_position_index, to_overlapping_windows
from paperlens.ops.windows import from_windows, to_windows


class OverlappingAttention(nn.Module):
    """OCA: softmax(Q K^T / sqrt(d) + B) V, Q of a window, K and V of key_size squared tokens around its middle."""

    index: Tensor

    def __init__(self, dim: int, num_heads: int, window_size: int, key_size: int) -> None:
        super().__init__()
        self.num_heads, self.window_size, self.key_size = num_heads, window_size, key_size
        self.qkv = nn.Linear(dim, 3 * dim)
        self.bias_table = nn.Parameter(torch.empty((window_size + key_size - 1) ** 2, num_heads))
        self.register_buffer("index", overlapping_position_index(window_size, key_size), persistent=False)
        self.projection = nn.Linear(dim, dim)
        nn.init.trunc_normal_(self.bias_table, std=0.02)

    def forward(self, features: Float[Tensor, "b h w d"]) -> Float[Tensor, "b h w d"]:
        """The shape stays; ValueError where the window does not divide a side."""
        height, width, window = *features.shape[1:3], self.window_size
        q, k, v = rearrange(self.qkv(features), "b h w (three d) -> three b h w d", three=3)
        q = to_windows(q, window)
        k, v = (to_overlapping_windows(x, window, self.key_size) for x in (k, v))
        q, k, v = (rearrange(x, "b n (heads d) -> b heads n d", heads=self.num_heads) for x in (q, k, v))
        bias = rearrange(self.bias_table[self.index], "n m heads -> heads n m")
        attended = biased_attention(q, k, v, bias)  # plain_biased_attention, in the form that is fast here
        attended = rearrange(attended, "b heads n d -> b n (heads d)")
        return self.projection(from_windows(attended, height, width))
