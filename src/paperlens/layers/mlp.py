"""The two-layer perceptron of a transformer block."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class Mlp(nn.Module):
    """Widen, activate (exact GELU), narrow again: MLP(x) = W2 gelu(W1 x + b1) + b2, for every token by itself."""

    def __init__(self, dim: int, hidden_dim: int, activation: Callable[[Tensor], Tensor] = F.gelu) -> None:
        super().__init__()
        self.expand = nn.Linear(dim, hidden_dim)
        self.contract = nn.Linear(hidden_dim, dim)
        self.activation = activation

    def forward(self, tokens: Float[Tensor, "*axes d"]) -> Float[Tensor, "*axes d"]:
        """Token by token; the shape stays."""
        return self.contract(self.activation(self.expand(tokens)))


def quick_gelu(x: Float[Tensor, "*axes"]) -> Float[Tensor, "*axes"]:
    """x sigmoid(1.702 x), the approximation of GELU that CLIP and CvT are published with."""
    return x * torch.sigmoid(1.702 * x)
