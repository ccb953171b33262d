"""MMHCA: two contrasts of one slice, their features side by side, one convolutional attention over both.

Georgescu et al., "Multimodal Multi-Head Convolutional Attention with Various Kernel Sizes for Medical Image
Super-Resolution", WACV 2023, arXiv:2204.04218v3. The form for one contrast is mhca.py.

Input    two contrasts of one slice, both low-resolution     b 1 h w, b 1 h w
Output   the first slice enlarged                            b 1 (h scale) (w scale)

Symbols (paper -> code)
    r    reduction    ratio       h    heads    num_heads      k    kernel of a head    1, 3, 5
Departures: none. Quirks kept: the released ratio 0.5 *expands* (channels are divided by it); a third branch and, with
    two heads, the 5x5 head are built and never used; two mean shifts for colour are stored and never applied.
Published size: none in the paper. Counted: x2 6,544,217 (live 5,324,929), x4 7,134,553 (live 4,276,481), each with 24
    frozen values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.convolutional_attention import ConvolutionalAttention
from paperlens.layers.mean_shift import DIV2K_MEAN, MeanShift
from paperlens.layers.residual import ResidualBlock
from paperlens.layers.upsample import SubPixelUpsample
from paperlens.models.mri import mhca
from paperlens.models.mri.mhca import MHCAConfig, conv
from paperlens.ops.check import check_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class MMHCAConfig(MHCAConfig):
    """The fields of MHCA; here each contrast has a body of EDSR, and both one attention."""


class MMHCA(nn.Module):
    """Two bodies, their features side by side, one attention over both."""

    def __init__(self, config: MMHCAConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        # The third branch is published, for a third contrast, and never called.
        self.heads = nn.ModuleList(nn.Conv2d(1, dim, 3, padding=1) for _ in range(3))
        self.bodies = nn.ModuleList(
            nn.Sequential(
                *(ResidualBlock(dim, config.residual_scale) for _ in range(config.depth)), conv(dim)
            )
            for _ in range(3)
        )
        self.attention = ConvolutionalAttention(2 * dim, config.num_heads, config.ratio)
        self.upsample = SubPixelUpsample(2 * dim, config.scale)
        self.last = nn.Conv2d(2 * dim, 1, 3, padding=1)
        self.sub_mean, self.add_mean = MeanShift(DIV2K_MEAN), MeanShift(DIV2K_MEAN, sign=1)  # stored, unused

    def forward(
        self, low_res: Float[Tensor, "b c h w"], guide: Float[Tensor, "b e h w"]
    ) -> Float[Tensor, "b 1 sh sw"]:
        """The first contrast, `scale` times as high and wide; the guide is of the same, low resolution."""
        features = []
        for image, head, body in zip((low_res, guide), self.heads, self.bodies, strict=False):
            check_channels(image, 1, "slice")
            shallow = head(image)
            features.append(body(shallow) + shallow)
        return self.last(self.upsample(self.attention(torch.cat(features, dim=1))))


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = MMHCA, MMHCAConfig
PRESETS: Mapping[str, MMHCAConfig] = {
    "pair_x2": MMHCAConfig(),
    "pair_x4": MMHCAConfig(scale=4, num_heads=2),
    "tiny": MMHCAConfig(dim=8, depth=2, num_heads=2),
}
PARAMETERS: Mapping[str, int] = {"pair_x2": 6_544_217, "pair_x4": 7_134_553, "tiny": 54_433}
# Multiply-accumulates in G for one 40 x 40 slice of each contrast.
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "pair_x2": (((1, 1, 40, 40), (1, 1, 40, 40)), 7.9257),
    "pair_x4": (((1, 1, 40, 40), (1, 1, 40, 40)), 9.5993),
}
ORIGIN, LICENCE = "lilygeorgescu/MHCA", "CC BY-NC-SA 4.0"
NOT_A_PICTURE = "two registered contrasts of one slice: call it from Python, model(slice, guide)"
BAD = [({"num_heads": 0}, (0, 3))]


def example(config: MMHCAConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, Tensor]:
    """Two contrasts of a small slice."""
    height, width = ((8, 12), (9, 7), (5, 14))[step]
    return torch.rand(batch, 1, height, width), torch.rand(batch, 1, height, width)


# Our names -> the published ones; see models/published.py.
_BRANCHES = "nav"
PUBLISHED_NAMES = (
    *mhca.PUBLISHED_NAMES,
    (r"^bodies\.(\d+)\.(\d+)\.conv1\.", r"bodies.\1.\2.body.0."),
    (r"^bodies\.(\d+)\.(\d+)\.conv2\.", r"bodies.\1.\2.body.2."),
    *((rf"^bodies\.{i}\.", f"body_{b}.") for i, b in enumerate(_BRANCHES)),
    *((rf"^heads\.{i}\.", f"head_{b}.0.") for i, b in enumerate(_BRANCHES)),
)


def dead(config: MMHCAConfig) -> tuple[str, ...]:
    """The third branch, and the heads beyond `num_heads`."""
    return ("(head|body)_v.*", *mhca.dead(config))


def run_published(model: nn.Module, images: Sequence[Tensor]) -> Tensor:
    """The published model takes a list of contrasts."""
    output: Tensor = model(*images)
    return output


GOLDENS: Mapping[str, MMHCAConfig] = {
    "mmhca_x2_edsr_nav": PRESETS["pair_x2"],
    "mmhca_x4_edsr_nav": PRESETS["pair_x4"],
}
HEAVY = ("mmhca_x2_edsr_nav", "mmhca_x4_edsr_nav")
