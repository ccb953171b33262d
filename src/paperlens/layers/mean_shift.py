"""A picture's mean and spread: as published checkpoints store them, a frozen 1x1 convolution, and as a constant."""

from collections.abc import Sequence

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

DIV2K_MEAN = (0.4488, 0.4371, 0.4040)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def div2k_mean(channels: int) -> Float[Tensor, "c 1 1"]:
    """What the super-resolution networks subtract inside: DIV2K's mean of colour pictures, nothing of others."""
    mean = DIV2K_MEAN if channels == 3 else (0.0,) * channels
    return rearrange(torch.tensor(mean), "c -> c 1 1")


class MeanShift(nn.Conv2d):
    """(image + sign * mean) / std for each of three channels; weight and bias are never trained."""

    def __init__(self, mean: Sequence[float], std: Sequence[float] = (1.0, 1.0, 1.0), sign: int = -1) -> None:
        super().__init__(3, 3, 1)
        shift, spread = torch.tensor(mean), torch.tensor(std)
        self.weight.data = rearrange(torch.diag(1 / spread), "o i -> o i 1 1")
        self.bias.data = sign * shift / spread  # type: ignore[union-attr]
        self.requires_grad_(False)
