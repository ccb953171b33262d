"""The pre-norm encoder block of the vision transformers.

Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, arXiv:2010.11929, Eqs. 2-3 and Appendix A.
"""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.mlp import Mlp


class EncoderBlock(nn.Module):
    """z' = MSA(LN(z)) + z;  z = MLP(LN(z')) + z' (Eqs. 2-3)."""

    def __init__(self, dim: int, num_heads: int, mlp_ratio: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attention = SelfAttention(dim, num_heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim, int(dim * mlp_ratio))

    def forward(self, tokens: Float[Tensor, "b n d"]) -> Float[Tensor, "b n d"]:
        """The sequence keeps its shape."""
        tokens = tokens + self.attention(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class SelfAttention(nn.Module):
    """Softmax(Q K^T / sqrt(D_h)) V in every head, the heads joined by one projection (Appendix A)."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"num_heads {num_heads} does not divide dim {dim}")
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.projection = nn.Linear(dim, dim)

    def forward(self, tokens: Float[Tensor, "b n d"]) -> Float[Tensor, "b n d"]:
        """Every token attends to all of its sequence."""
        q, k, v = rearrange(
            self.qkv(tokens), "b n (three heads d) -> three b heads n d", three=3, heads=self.num_heads
        )
        attended = F.scaled_dot_product_attention(q, k, v)
        return self.projection(rearrange(attended, "b heads n d -> b n (heads d)"))
