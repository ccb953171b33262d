"""AlexNet: five convolutions and three fully connected layers learn ImageNet, on two devices.

Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012.

Input    RGB image, float, the training set's mean subtracted    b 3 image_size image_size
Output   class logits                                            b k

Symbols (paper -> code): kernels (maps) of a layer -> dims; local response normalisation (Sec. 3.3) -> response_norm.
The two devices of the paper are two groups of a convolution: the second, fourth and fifth layer see only the maps
    of their own device (Sec. 3.5, Fig. 2). `merged` is the network without groups that many courses print.
Departures: none in the forward pass. The paper says 224 pixels, but its 55 x 55 maps need 227.
Published size: 60M (Sec. 1); counted 60,965,224 in groups and 62,378,344 merged. torchvision's network of this name
    is another one: alexnet_one_tower.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.response_norm import response_norm
from paperlens.ops.check import check_channels, check_size


@dataclass(frozen=True, slots=True, kw_only=True)
class AlexNetConfig:
    """The paper's only network; `groups` is its number of devices."""

    image_size: int = 227
    in_channels: int = 3
    num_classes: int = 1000
    dims: tuple[int, int, int, int, int] = (96, 256, 384, 384, 256)
    hidden_dim: int = 4096
    groups: int = 2
    dropout: float = 0.5


class AlexNet(nn.Module):
    """Convolutions with rectifiers, overlapping pools, response normalisation, then dropout (Secs. 3.5, 4.2)."""

    def __init__(self, config: AlexNetConfig) -> None:
        super().__init__()
        self.config = config
        d1, d2, d3, d4, d5 = config.dims
        g = config.groups
        for dim in (d1, d2, d3, d4, d5):
            if dim % g:
                raise ValueError(f"groups {g} does not divide {dim} of dims {config.dims}")
        side = _side(config.image_size)
        self.features = nn.Sequential(
            *(nn.Conv2d(config.in_channels, d1, 11, stride=4), nn.ReLU(), response_norm(), pool()),
            *(nn.Conv2d(d1, d2, 5, padding=2, groups=g), nn.ReLU(), response_norm(), pool()),
            *(nn.Conv2d(d2, d3, 3, padding=1), nn.ReLU()),  # the one that sees both devices
            *(nn.Conv2d(d3, d4, 3, padding=1, groups=g), nn.ReLU()),
            *(nn.Conv2d(d4, d5, 3, padding=1, groups=g), nn.ReLU(), pool()),
        )
        self.classifier = nn.Sequential(
            *(nn.Linear(d5 * side**2, config.hidden_dim), nn.ReLU(), nn.Dropout(config.dropout)),
            *(nn.Linear(config.hidden_dim, config.hidden_dim), nn.ReLU(), nn.Dropout(config.dropout)),
            nn.Linear(config.hidden_dim, config.num_classes),
        )
        self._initialise()

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Logits; ValueError for an image that is not image_size squared or has other channels."""
        check_channels(image, self.config.in_channels)
        check_size(image, self.config.image_size, self.config.image_size)
        return self.classifier(rearrange(self.features(image), "b d h w -> b (d h w)"))

    def _initialise(self) -> None:
        """Weights from N(0, 0.01^2); the rectifiers that would start dead get a bias of 1 (Sec. 5)."""
        layers = [m for m in self.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
        for number, layer in enumerate(layers, start=1):
            nn.init.normal_(layer.weight, std=0.01)
            assert layer.bias is not None
            nn.init.constant_(layer.bias, 1.0 if number in (2, 4, 5, 6, 7) else 0.0)


def pool() -> nn.MaxPool2d:
    """Windows of 3 that move by 2, so that they overlap (Sec. 3.4)."""
    return nn.MaxPool2d(3, stride=2)


def _side(image_size: int) -> int:
    """Of the last maps; ValueError where nothing is left of the image."""
    side = (image_size - 11) // 4 + 1
    for _ in range(3):
        side = (side - 3) // 2 + 1
    if side < 1:
        raise ValueError(f"image_size {image_size} leaves nothing after the last pool; 67 is the smallest")
    return side


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = AlexNet, AlexNetConfig
PRESETS: Mapping[str, AlexNetConfig] = {
    "grouped": AlexNetConfig(),
    "merged": AlexNetConfig(groups=1),
    "tiny": AlexNetConfig(image_size=67, num_classes=10, dims=(8, 16, 24, 24, 16), hidden_dim=32),
}
PARAMETERS: Mapping[str, int] = {"grouped": 60_965_224, "merged": 62_378_344, "tiny": 14_298}
# Multiply-accumulates in G for one input of this shape.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "grouped": ((1, 3, 227, 227), 0.7244),
    "merged": ((1, 3, 227, 227), 1.1353),
}
PUBLISHED_SIZES = {"grouped": ("60M", "unverified")}
ORIGIN, LICENCE = "none", "none"
NOT_A_PICTURE = "a picture of fixed size and gives classes, not a picture"
BAD = [
    ({"shape": (1, 1, 67, 67)}, (1, 3)),
    ({"shape": (1, 3, 67, 70)}, (67, 70)),
    ({"groups": 3}, (3, 8)),
    ({"image_size": 66}, (66, 67)),
]


def example(config: AlexNetConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Images; the fully connected layers fit one size only."""
    return (torch.rand(batch, config.in_channels, config.image_size, config.image_size) - 0.5,)


# No weights were published under torch's names: those of the golden file are ours.
GOLDENS: Mapping[str, AlexNetConfig] = {"alexnet_2012_grouped": PRESETS["grouped"]}
