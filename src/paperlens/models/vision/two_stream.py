"""Two-stream network: one network sees a frame, another the motion around it, and their scores are averaged.

Simonyan & Zisserman, "Two-Stream Convolutional Networks for Action Recognition in Videos", NIPS 2014,
arXiv:1406.2199; the layers are those of CNN-M-2048 (Chatfield et al., BMVC 2014, arXiv:1405.3531).

Input    a frame, RGB, or the optical flow of L pairs of frames     b c image_size image_size
         as 2L channels: horizontal and vertical in turn, the
         mean of each field subtracted
Output   class logits of this stream                                b k

Symbols (paper -> code)
    L  stacked flow fields, 10   in_channels = 2L (temporal), 3 (spatial)
One class, two networks (Fig. 1): the temporal one has no second normalisation, to save memory (Sec. 5). `fuse`
    averages what they say.
Departures: none that is known; the authors' weights were never released. The padding of the second convolution is
    stated nowhere and follows from the 6 x 6 maps.
Published size: none printed; counted 90,627,813 (spatial) and 90,707,781 (temporal) with 101 classes.
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
class TwoStreamConfig:
    """One stream of Fig. 1; the defaults are the spatial one for UCF-101."""

    image_size: int = 224
    in_channels: int = 3
    num_classes: int = 101
    dims: tuple[int, int, int, int, int] = (96, 256, 512, 512, 512)
    hidden_dims: tuple[int, int] = (4096, 2048)
    second_norm: bool = True
    dropout: float = 0.9


class TwoStream(nn.Module):
    """Five convolutions, three fully connected layers (Fig. 1)."""

    def __init__(self, config: TwoStreamConfig) -> None:
        super().__init__()
        self.config = config
        d1, d2, d3, d4, d5 = config.dims
        side = _side(config.image_size)
        second = (response_norm(),) if config.second_norm else ()
        self.features = nn.Sequential(
            *(nn.Conv2d(config.in_channels, d1, 7, stride=2), nn.ReLU(), response_norm(), nn.MaxPool2d(2)),
            *(nn.Conv2d(d1, d2, 5, stride=2, padding=1), nn.ReLU(), *second, nn.MaxPool2d(2)),
            *(nn.Conv2d(d2, d3, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(d3, d4, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(d4, d5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        )
        wide, narrow = config.hidden_dims
        self.classifier = nn.Sequential(
            *(nn.Linear(d5 * side**2, wide), nn.ReLU(), nn.Dropout(config.dropout)),
            *(nn.Linear(wide, narrow), nn.ReLU(), nn.Dropout(config.dropout)),
            nn.Linear(narrow, config.num_classes),
        )

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Logits; ValueError for a frame or flow of another size or with other channels."""
        check_channels(image, self.config.in_channels)
        check_size(image, self.config.image_size, self.config.image_size)
        return self.classifier(rearrange(self.features(image), "b d h w -> b (d h w)"))


def stack_flow(flow: Float[Tensor, "b l two h w"]) -> Float[Tensor, "b c h w"]:
    """L displacement fields (x, y) as 2L channels, the mean of each subtracted (Sec. 3.1, Eq. 1; Sec. 3)."""
    centred = flow - flow.mean(dim=(-2, -1), keepdim=True)
    return rearrange(centred, "b l two h w -> b (l two) h w")


def fuse(spatial: Float[Tensor, "b k"], temporal: Float[Tensor, "b k"]) -> Float[Tensor, "b k"]:
    """The mean of both streams' class probabilities (Sec. 2)."""
    return (spatial.softmax(dim=-1) + temporal.softmax(dim=-1)) / 2


def _side(image_size: int) -> int:
    """Of the last maps; ValueError where nothing is left of the image."""
    if image_size < 41:
        raise ValueError(f"image_size {image_size} leaves nothing after the last pool; 41 is the smallest")
    first = ((image_size - 7) // 2 + 1) // 2
    second = ((first - 3) // 2 + 1) // 2
    return second // 2


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = TwoStream, TwoStreamConfig
PRESETS: Mapping[str, TwoStreamConfig] = {
    "spatial": TwoStreamConfig(),
    "temporal": TwoStreamConfig(in_channels=20, second_norm=False),
    "tiny": TwoStreamConfig(
        image_size=64,
        in_channels=6,
        num_classes=10,
        dims=(8, 16, 24, 24, 16),
        hidden_dims=(32, 24),
        dropout=0.5,
    ),
}
PARAMETERS: Mapping[str, int] = {"spatial": 90_627_813, "temporal": 90_707_781, "tiny": 19_322}
# Multiply-accumulates in G for one input of this shape.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "spatial": ((1, 3, 224, 224), 1.6639),
    "temporal": ((1, 20, 224, 224), 2.6140),
}
ORIGIN, LICENCE = "none", "none"
NOT_A_PICTURE = "a frame or the flow around it, and gives classes, not a picture"
BAD = [
    ({"shape": (1, 3, 64, 64)}, (3, 6)),
    ({"shape": (1, 6, 64, 60)}, (60, 64)),
    ({"image_size": 40}, (40, 41)),
]


def example(config: TwoStreamConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Frames or flow; the fully connected layers fit one size only."""
    return (torch.rand(batch, config.in_channels, config.image_size, config.image_size) - 0.5,)


# No weights were published: the names of the golden files are ours.
GOLDENS: Mapping[str, TwoStreamConfig] = {
    "twostream_cnnm_spatial": PRESETS["spatial"],
    "twostream_cnnm_temporal": PRESETS["temporal"],
}
