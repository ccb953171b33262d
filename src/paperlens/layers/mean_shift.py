"""A picture's mean and spread as a frozen 1x1 convolution: the form in which published checkpoints store them."""

from collections.abc import Sequence

import torch
from einops import rearrange
from torch import nn


class MeanShift(nn.Conv2d):
    """(image + sign * mean) / std for each of three channels; weight and bias are never trained."""

    def __init__(self, mean: Sequence[float], std: Sequence[float] = (1.0, 1.0, 1.0), sign: int = -1) -> None:
        super().__init__(3, 3, 1)
        shift, spread = torch.tensor(mean), torch.tensor(std)
        self.weight.data = rearrange(torch.diag(1 / spread), "o i -> o i 1 1")
        self.bias.data = sign * shift / spread  # type: ignore[union-attr]
        self.requires_grad_(False)
