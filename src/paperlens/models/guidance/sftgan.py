"""SFTGAN: what an image region shows (sky, grass, brick) scales and shifts every feature, so textures follow it.

Wang et al., "Recovering Realistic Texture in Image Super-resolution by Deep Spatial Feature Transform", CVPR 2018,
arXiv:1804.02815v1.

Input    low-resolution RGB image, float, 0..1                             b 3 h w
         probabilities of the classes, at the size of the output          b k 4h 4w
Output   enlarged image, same range                                         b 3 4h 4w

Symbols (paper -> code)
    P    segmentation probability maps   prior            Psi  shared conditions      condition
    gamma, beta  modulation              scale, shift     F    feature maps           features
Two networks were published under this name. `paper` is the released one that the paper's pictures come from: it
    multiplies by gamma, activates before each convolution and enlarges by nearest neighbour. `retrained` is the
    authors' later training: it multiplies by 1 + gamma, activates after the first convolution and enlarges by pixel
    shuffle.
Departures: none. The segmentation network that gives the prior is not part of this file.
Quirks kept: slopes of the leaky ReLU inside the transform are 0.01 (`paper`) and 0.1 (`retrained`).
Published size: none in the paper; counted 1,612,195 (`paper`) and 1,833,763 (`retrained`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.ops.check import check_channels

SCALE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SFTGANConfig:
    """Sec. 3.2; the defaults are the network of the paper."""

    classes: int = 8
    dim: int = 64
    depth: int = 16
    condition_dim: int = 32
    condition_hidden: int = 128
    form: Literal["paper", "retrained"] = "paper"


class SFTGAN(nn.Module):
    """The generator: a condition branch, residual blocks with spatial feature transforms, upsampling (Fig. 3)."""

    def __init__(self, config: SFTGANConfig) -> None:
        super().__init__()
        self.config = config
        self.condition = condition_network(config)
        self.head = nn.Conv2d(3, config.dim, 3, padding=1)
        self.blocks = nn.ModuleList(SFTBlock(config) for _ in range(config.depth))
        self.transform = SpatialFeatureTransform(config)
        self.conv = nn.Conv2d(config.dim, config.dim, 3, padding=1)
        self.tail = tail(config)

    def forward(
        self, low_res: Float[Tensor, "b c h w"], prior: Float[Tensor, "b k sh sw"]
    ) -> Float[Tensor, "b 3 sh sw"]:
        """The image four times as high and wide, textured as `prior` says."""
        check_channels(low_res, 3)
        check_channels(prior, self.config.classes, "prior")
        for side, wide in zip(low_res.shape[-2:], prior.shape[-2:], strict=True):
            if wide != SCALE * side:
                raise ValueError(
                    f"the prior must be {SCALE} times the image: {SCALE * side} for {side}, not {wide}"
                )
        condition = self.condition(prior)
        shallow = features = self.head(low_res)
        for block in self.blocks:
            features = block(features, condition)
        return self.tail(shallow + self.conv(self.transform(features, condition)))


class SpatialFeatureTransform(nn.Module):
    """gamma * F + beta, both predicted for every pixel from the condition (Sec. 3.2)."""

    def __init__(self, config: SFTGANConfig) -> None:
        super().__init__()
        self.scale = Modulation(config)
        self.shift = Modulation(config)
        self.offset = 1.0 if config.form == "retrained" else 0.0

    def forward(
        self, features: Float[Tensor, "b d h w"], condition: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        return (self.scale(condition) + self.offset) * features + self.shift(condition)


class Modulation(nn.Sequential):
    """Two 1x1 convolutions from the condition to gamma or beta."""

    def __init__(self, config: SFTGANConfig) -> None:
        slope = 0.1 if config.form == "retrained" else 0.01
        super().__init__(
            nn.Conv2d(config.condition_dim, config.condition_dim, 1),
            nn.LeakyReLU(slope),
            nn.Conv2d(config.condition_dim, config.dim, 1),
        )


class SFTBlock(nn.Module):
    """A residual block with a transform before each convolution; where it activates depends on the form."""

    def __init__(self, config: SFTGANConfig) -> None:
        super().__init__()
        self.form = config.form
        self.transform1, self.transform2 = SpatialFeatureTransform(config), SpatialFeatureTransform(config)
        self.conv1 = nn.Conv2d(config.dim, config.dim, 3, padding=1)
        self.conv2 = nn.Conv2d(config.dim, config.dim, 3, padding=1)

    def forward(
        self, features: Float[Tensor, "b d h w"], condition: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        inner = self.transform1(features, condition)
        if self.form == "paper":
            inner = self.conv1(F.relu(inner))
            return features + self.conv2(F.relu(self.transform2(inner, condition)))
        inner = F.relu(self.conv1(inner))
        return features + self.conv2(self.transform2(inner, condition))


def condition_network(config: SFTGANConfig) -> nn.Sequential:
    """The prior, four times smaller, as conditions that all transforms share: no 3x3, so classes do not mix."""
    hidden = config.condition_hidden
    return nn.Sequential(
        nn.Conv2d(config.classes, hidden, SCALE, stride=SCALE),
        *(layer for _ in range(3) for layer in (nn.LeakyReLU(0.1), nn.Conv2d(hidden, hidden, 1))),
        nn.LeakyReLU(0.1),
        nn.Conv2d(hidden, config.condition_dim, 1),
    )


def tail(config: SFTGANConfig) -> nn.Sequential:
    """Two doublings and three convolutions to the image."""
    dim = config.dim

    def doubling() -> list[nn.Module]:
        if config.form == "paper":
            return [
                nn.Upsample(scale_factor=2.0, mode="nearest"),
                nn.Conv2d(dim, dim, 3, padding=1),
                nn.ReLU(),
            ]
        return [nn.Conv2d(dim, 4 * dim, 3, padding=1), nn.PixelShuffle(2), nn.ReLU()]

    ends = [nn.Conv2d(dim, dim, 3, padding=1), nn.ReLU(), nn.Conv2d(dim, 3, 3, padding=1)]
    return nn.Sequential(*doubling(), *doubling(), *ends)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = SFTGAN, SFTGANConfig
_TINY = SFTGANConfig(classes=3, dim=8, depth=2, condition_dim=4, condition_hidden=8)
PRESETS: Mapping[str, SFTGANConfig] = {
    "paper": SFTGANConfig(),
    "retrained": SFTGANConfig(form="retrained"),
    "tiny": _TINY,
    "tiny_retrained": replace(_TINY, form="retrained"),
}
PARAMETERS: Mapping[str, int] = {
    "paper": 1_612_195,
    "retrained": 1_833_763,
    "tiny": 6_359,
    "tiny_retrained": 9_863,
}
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "paper": (((1, 3, 32, 32), (1, 8, 128, 128)), 2.9137),
    "retrained": (((1, 3, 32, 32), (1, 8, 128, 128)), 2.9137),
}


def example(config: SFTGANConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, Tensor]:
    """A small image and probabilities that add up to one at every pixel."""
    height, width = ((6, 8), (5, 7), (9, 4))[step]
    prior = torch.rand(batch, config.classes, SCALE * height, SCALE * width).softmax(dim=1)
    return torch.rand(batch, 3, height, width), prior


PUBLISHED_NAMES = (
    (r"^head\.", "conv0."),
    (r"^blocks\.(\d+)\.conv1\.", r"sft_branch.\1.conv0."),
    (r"^blocks\.(\d+)\.conv2\.", r"sft_branch.\1.conv1."),
    (r"^blocks\.(\d+)\.transform1\.", r"sft_branch.\1.sft0."),
    (r"^blocks\.(\d+)\.transform2\.", r"sft_branch.\1.sft1."),
    (r"^transform\.", "sft_branch.16."),
    (r"^conv\.", "sft_branch.17."),
    (r"\.(scale|shift)\.0\.", r".SFT_\1_conv0."),
    (r"\.(scale|shift)\.2\.", r".SFT_\1_conv1."),
    (r"^condition\.", "CondNet."),
    (r"^tail\.", "HR_branch."),
)
GOLDENS: Mapping[str, SFTGANConfig] = {
    "sftgan_torch_paper": PRESETS["paper"],
    "sftgan_pytorch": PRESETS["retrained"],
}
ORIGIN, LICENCE = "xinntao/SFTGAN", "none stated"
BAD = (({"shape": ((1, 1, 4, 4), (1, 3, 16, 16))}, (1, 3)),)
NOT_A_PICTURE = (
    "the probabilities of eight classes for every pixel, too: call it from Python, model(low_res, prior)"
)


def run_published(model: SFTGAN, inputs: Sequence[Tensor]) -> Tensor:
    """The published call takes image and prior as one pair."""
    low_res, prior = inputs
    return model(low_res, prior)
