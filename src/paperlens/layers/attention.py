"""Attention in several heads, from one sequence to another.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762, Sec. 3.2.
"""

from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Softmax(Q K^T / sqrt(d_k)) V in h heads, joined by W^O (Eq. 1, Sec. 3.2.2)."""

    def __init__(self, dim: int, num_heads: int, *, bias: bool) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"num_heads {num_heads} does not divide dim {dim}")
        self.num_heads = num_heads
        self.query = nn.Linear(dim, dim, bias=bias)
        self.key = nn.Linear(dim, dim, bias=bias)
        self.value = nn.Linear(dim, dim, bias=bias)
        self.output = nn.Linear(dim, dim, bias=bias)

    def forward(
        self,
        z: Float[Tensor, "b m d"],
        memory: Float[Tensor, "b n d"],
        mask: Bool[Tensor, "b 1 #m n"] | None = None,
        causal: bool = False,
    ) -> Float[Tensor, "b m d"]:
        """Queries from `z`, keys and values from `memory`; the mask is True where a key may be seen."""
        heads = (self.query(z), self.key(memory), self.value(memory))
        q, k, v = (rearrange(x, "b n (heads d) -> b heads n d", heads=self.num_heads) for x in heads)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
        return self.output(rearrange(attended, "b heads n d -> b n (heads d)"))
