"""EDSR: residual blocks without normalisation, the convolution baseline of super-resolution.

Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution", CVPR Workshops 2017,
arXiv:1707.02921v1.

Input    low-resolution RGB image, float, 0..1     b c h w
Output   enlarged image, same range                b c (h scale) (w scale)

Symbols (paper -> code)
    B  residual blocks   depth           F  features of a layer   dim
    residual scaling     residual_scale  (Sec. 3.2: 0.1 for the wide model; 1 for the baseline)
Departures: the published code takes 0..255; we take 0..1 and multiply by value_range inside. `bicubic_skip`,
    off by default, is the course's own: the last layer starts at zero and adds to a bicubic enlargement.
Published size: Table 1, 43M for the full model; counted 43,089,923 for x4 and 1,369,859 for the baseline x2,
    without the two frozen mean shifts of 12 values each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.bicubic_skip import enlarge, start_at_zero
from paperlens.layers.mean_shift import div2k_mean
from paperlens.layers.residual import ResidualBlock
from paperlens.layers.upsample import SubPixelUpsample
from paperlens.models.facts import Picture
from paperlens.ops.check import check_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class EDSRConfig:
    """One column of Table 1; the defaults are the baseline x2."""

    in_channels: int = 3
    scale: int = 2
    dim: int = 64
    depth: int = 16
    residual_scale: float = 1.0
    value_range: float = 255.0
    bicubic_skip: bool = False


class EDSR(nn.Module):
    """Head, residual blocks with one long skip, sub-pixel tail (Fig. 3)."""

    mean: Tensor

    def __init__(self, config: EDSRConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.head = nn.Conv2d(config.in_channels, dim, 3, padding=1)
        blocks = [ResidualBlock(dim, config.residual_scale) for _ in range(config.depth)]
        self.body = nn.Sequential(*blocks, nn.Conv2d(dim, dim, 3, padding=1))
        self.upsample = SubPixelUpsample(dim, config.scale)
        self.last = nn.Conv2d(dim, config.in_channels, 3, padding=1)
        self.register_buffer("mean", div2k_mean(config.in_channels), persistent=False)
        if config.bicubic_skip:
            start_at_zero(self.last)

    def forward(self, low_res: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c sh sw"]:
        """The enlarged image, `scale` times as high and wide."""
        check_channels(low_res, self.config.in_channels)
        shallow = self.head((low_res - self.mean) * self.config.value_range)
        restored = self.last(self.upsample(self.body(shallow) + shallow)) / self.config.value_range
        return restored + (enlarge(low_res, self.config.scale) if self.config.bicubic_skip else self.mean)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = EDSR, EDSRConfig


def _full(scale: int) -> EDSRConfig:
    return EDSRConfig(scale=scale, dim=256, depth=32, residual_scale=0.1)


PRESETS: Mapping[str, EDSRConfig] = {
    "baseline_x2": EDSRConfig(scale=2),
    "baseline_x3": EDSRConfig(scale=3),
    "baseline_x4": EDSRConfig(scale=4),
    "full_x2": _full(2),
    "full_x3": _full(3),
    "full_x4": _full(4),
    "small": EDSRConfig(dim=16, depth=6, value_range=1.0, bicubic_skip=True),
    "tiny": EDSRConfig(dim=8, depth=2),
}
PARAMETERS: Mapping[str, int] = {
    "baseline_x2": 1_369_859,
    "baseline_x3": 1_554_499,
    "baseline_x4": 1_517_571,
    "full_x2": 40_729_603,
    "full_x3": 43_680_003,
    "full_x4": 43_089_923,
    "small": 40_323,
    "tiny": 5_699,
}
PUBLISHED_SIZES = {
    "full_x4": ("43M", "unverified"),
}
ORIGIN, LICENCE = "sanghyun-son/EDSR-PyTorch", "MIT"
CALL = Picture()
BAD = [
    ({"scale": 6}, (6, 3)),
    ({"shape": (2, 4, 9, 9)}, (3, 4)),
]


def example(config: EDSRConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small input of even or odd sides."""
    height, width = ((12, 16), (9, 13), (17, 6))[step]
    return (torch.rand(batch, config.in_channels, height, width),)


# Our names -> those of the authors' torch release (see models/published.py); there is no golden file of it.
PUBLISHED_NAMES = (
    (r"^head\.", "head.0."),
    (r"^body\.(\d+)\.conv1\.", r"body.\1.body.0."),
    (r"^body\.(\d+)\.conv2\.", r"body.\1.body.2."),
    (r"^upsample\.", "tail.0."),
    (r"^last\.", "tail.1."),
)
PUBLISHED_BUFFERS = (r"(sub|add)_mean\.(weight|bias)",)  # frozen; our mean is the constant itself
GOLDENS: Mapping[str, EDSRConfig] = {}
