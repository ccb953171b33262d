"""The smallest network that can use a guide: six convolutions."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Small(nn.Module):
    """Six 3 x 3 convolutions that add to their first input: enough to ask a question with."""

    def __init__(self, in_channels: int, dim: int = 16, depth: int = 4, skip: bool = True) -> None:
        super().__init__()
        inner = [layer for _ in range(depth) for layer in (nn.Conv2d(dim, dim, 3, padding=1), nn.ReLU())]
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, dim, 3, padding=1), nn.ReLU(), *inner, nn.Conv2d(dim, 1, 3, padding=1)
        )
        self.skip = skip

    def forward(self, *inputs: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 1 h w"]:
        """The inputs side by side; the first one is the picture to restore."""
        change: Tensor = self.body(torch.cat(inputs, dim=1))
        return inputs[0] + change if self.skip else change
