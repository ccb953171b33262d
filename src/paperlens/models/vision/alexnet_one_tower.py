"""AlexNet in one tower: the network that torchvision calls AlexNet.

Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014, arXiv:1404.5997, as torchvision
publishes it.

Input    RGB image, float, normalised by ImageNet's mean and std    b 3 h w, 63 pixels or more
Output   class logits                                               b k

Symbols (paper -> code): maps of a convolution -> dims.
Departures: torchvision's, of which weights exist: a mean over regions makes 6 x 6 maps of any image, dropout stands
    before a fully connected layer instead of behind it.
Differs from alexnet.py: no response normalisation, no groups, 64-192-384-256-256 maps for 96-256-384-384-256,
    padding in the first layer, dropout before its layer.
Published size: 61,100,840 (torchvision's documentation), counted the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.ops.check import check_channels

SIDE = 6  # of the maps that the fully connected layers see
SMALLEST = 63  # pixels of an image that leaves one value after the last pool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlexNetOneTowerConfig:
    """torchvision's `alexnet`."""

    in_channels: int = 3
    num_classes: int = 1000
    dims: tuple[int, int, int, int, int] = (64, 192, 384, 256, 256)
    hidden_dim: int = 4096
    dropout: float = 0.5


class AlexNetOneTower(nn.Module):
    """Five convolutions with rectifiers, three overlapping pools, three fully connected layers."""

    def __init__(self, config: AlexNetOneTowerConfig) -> None:
        super().__init__()
        self.config = config
        d1, d2, d3, d4, d5 = config.dims
        self.features = nn.Sequential(
            *(nn.Conv2d(config.in_channels, d1, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(d1, d2, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(d2, d3, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(d3, d4, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(d4, d5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2)),
        )
        self.pool = nn.AdaptiveAvgPool2d(SIDE)
        self.classifier = nn.Sequential(
            *(nn.Dropout(config.dropout), nn.Linear(d5 * SIDE**2, config.hidden_dim), nn.ReLU()),
            *(nn.Dropout(config.dropout), nn.Linear(config.hidden_dim, config.hidden_dim), nn.ReLU()),
            nn.Linear(config.hidden_dim, config.num_classes),
        )

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Logits; ValueError for other channels or an image of which the pools leave nothing."""
        check_channels(image, self.config.in_channels)
        if min(image.shape[-2:]) < SMALLEST:
            raise ValueError(
                f"the image is {image.shape[-2]} by {image.shape[-1]}, this model takes {SMALLEST} or more"
            )
        return self.classifier(rearrange(self.pool(self.features(image)), "b d h w -> b (d h w)"))


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = AlexNetOneTower, AlexNetOneTowerConfig
PRESETS: Mapping[str, AlexNetOneTowerConfig] = {
    "imagenet": AlexNetOneTowerConfig(),
    "tiny": AlexNetOneTowerConfig(num_classes=10, dims=(8, 16, 24, 16, 16), hidden_dim=32),
}
PARAMETERS: Mapping[str, int] = {"imagenet": 61_100_840, "tiny": 35_250}
# Multiply-accumulates in G for one input of this shape.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {"imagenet": ((1, 3, 224, 224), 0.7142)}
PUBLISHED_SIZES = {"imagenet": ("61,100,840", "torchvision's documentation")}
ORIGIN, LICENCE = "pytorch/vision", "BSD-3-Clause"
NOT_A_PICTURE = "a picture and gives classes, not a picture"
BAD = [
    ({"shape": (1, 1, 64, 64)}, (1, 3)),
    ({"shape": (1, 3, 62, 70)}, (62, 63)),
]


def example(config: AlexNetOneTowerConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Images of several sizes."""
    h, w = ((63, 71), (97, 80), (64, 129))[step]
    return (torch.rand(batch, config.in_channels, h, w) * 2 - 1,)


GOLDENS: Mapping[str, AlexNetOneTowerConfig] = {"alexnet_torchvision": PRESETS["imagenet"]}
