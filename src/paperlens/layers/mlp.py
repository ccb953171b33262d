"""The two-layer perceptron of a transformer block."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class Mlp(nn.Module):
    """Widen, exact GELU, narrow again: MLP(x) = W2 gelu(W1 x + b1) + b2, for every token by itself."""

    def __init__(self, dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.expand = nn.Linear(dim, hidden_dim)
        self.contract = nn.Linear(hidden_dim, dim)

    def forward(self, tokens: Float[Tensor, "*axes d"]) -> Float[Tensor, "*axes d"]:
        """Token by token; the shape stays."""
        return self.contract(F.gelu(self.expand(tokens)))
