"""The gated perceptron of LLaMA.

Shazeer, "GLU Variants Improve Transformer", 2020, arXiv:2002.05202, Eq. 6.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

MULTIPLE = 256


class SwiGLU(nn.Module):
    """(silu(x W) * x V) W2 without biases; two thirds of 4 dim wide, rounded up to 256."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        hidden = -(-int(2 * 4 * dim / 3) // MULTIPLE) * MULTIPLE
        self.gate = nn.Linear(dim, hidden, bias=False)
        self.expand = nn.Linear(dim, hidden, bias=False)
        self.contract = nn.Linear(hidden, dim, bias=False)

    def forward(self, tokens: Float[Tensor, "*axes d"]) -> Float[Tensor, "*axes d"]:
        """Token by token; the shape stays."""
        return self.contract(F.silu(self.gate(tokens)) * self.expand(tokens))
