"""MHCA and MMHCA: attention made of convolutions, over channels and over neighbourhoods of 3 and 5 pixels at once.

Georgescu et al., "Multimodal Multi-Head Convolutional Attention with Various Kernel Sizes for Medical Image
Super-Resolution", WACV 2023, arXiv:2204.04218.

Input    MHCA: one low-resolution slice              b 1 h w      MMHCA: two contrasts of one slice, both low-resolution
Output   the (first) slice enlarged                  b 1 (h scale) (w scale)

Symbols (paper -> code)
    r    reduction         ratio           k    kernel of a head    kernels 1, 3, 5
    h    heads             num_heads       N, A branches of the two contrasts
Departures: none. Quirks kept: the released ratio 0.5 *expands* (channels are divided by it); the attention of MHCA
    acts after each block's skip and once more after the long skip; a third branch of MMHCA and, with two heads, all
    5x5 heads are built and never used; two mean shifts for colour are stored and never applied.
Published size: none in the paper. Counted: MHCA x2 11,125,849, x4 11,273,561 (live 4,307,073); MMHCA x2 6,544,217 (live
    5,324,929), x4 7,134,553 (live 4,276,481); each with 24 frozen values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.mean_shift import MeanShift
from paperlens.layers.residual import ResidualBlock
from paperlens.layers.upsample import SubPixelUpsample

DIV2K_MEAN = (0.4488, 0.4371, 0.4040)
KERNELS = (1, 3, 5)

Slice = Float[Tensor, "b c h w"]  # one channel


@dataclass(frozen=True, slots=True, kw_only=True)
class MHCAConfig:
    """Attention in every block of an EDSR; the defaults are published x2."""

    scale: int = 2
    dim: int = 64
    depth: int = 16
    num_heads: int = 3
    ratio: float = 0.5
    residual_scale: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class MMHCAConfig(MHCAConfig):
    """Two EDSR bodies, attention once over both; the same fields."""


PRESETS: Mapping[str, MHCAConfig] = {
    "x2": MHCAConfig(),
    "x4": MHCAConfig(scale=4, num_heads=2),
    "tiny": MHCAConfig(dim=8, depth=2),
}
MMHCA_PRESETS: Mapping[str, MMHCAConfig] = {
    "pair_x2": MMHCAConfig(),
    "pair_x4": MMHCAConfig(scale=4, num_heads=2),
    "tiny": MMHCAConfig(dim=8, depth=2, num_heads=2),
}
PARAMETERS: Mapping[str, int] = {"x2": 11_125_849, "x4": 11_273_561, "tiny": 32_529}
MMHCA_PARAMETERS: Mapping[str, int] = {"pair_x2": 6_544_217, "pair_x4": 7_134_553, "tiny": 54_433}

# Multiply-accumulates in G for one 40 x 40 slice (of each contrast).
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "x2": (((1, 1, 40, 40),), 15.2767),
    "x4": (((1, 1, 40, 40),), 7.2071),
    "pair_x2": (((1, 1, 40, 40), (1, 1, 40, 40)), 7.9257),
    "pair_x4": (((1, 1, 40, 40), (1, 1, 40, 40)), 9.5993),
}


def example(config: MHCAConfig | MMHCAConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, ...]:
    """A small slice, or two contrasts of it."""
    height, width = ((8, 12), (9, 7), (5, 14))[step]
    return tuple(torch.rand(batch, 1, height, width) for _ in range(1 if type(config) is MHCAConfig else 2))


class MHCA(nn.Module):
    """EDSR whose every block ends in attention (Fig. 2, single contrast)."""

    def __init__(self, config: MHCAConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.head = nn.Conv2d(1, dim, 3, padding=1)
        self.body = nn.Sequential(*(AttentiveBlock(config) for _ in range(config.depth)), conv(dim))
        self.attention = ConvolutionalAttention(dim, config.num_heads, config.ratio)
        self.upsample = SubPixelUpsample(dim, config.scale)
        self.last = nn.Conv2d(dim, 1, 3, padding=1)
        self.sub_mean, self.add_mean = MeanShift(DIV2K_MEAN), MeanShift(DIV2K_MEAN, sign=1)  # stored, unused

    def forward(self, low_res: Slice) -> Float[Tensor, "b 1 sh sw"]:
        """The slice, `scale` times as high and wide."""
        check_channels(low_res)
        shallow = self.head(low_res)
        return self.last(self.upsample(self.attention(self.body(shallow) + shallow)))


class MMHCA(nn.Module):
    """Two bodies, their features side by side, one attention over both (Fig. 1)."""

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

    def forward(self, low_res: Slice, guide: Slice) -> Float[Tensor, "b 1 sh sw"]:
        """The first contrast, `scale` times as high and wide; the guide is of the same, low resolution."""
        features = []
        for image, head, body in zip((low_res, guide), self.heads, self.bodies, strict=False):
            check_channels(image)
            shallow = head(image)
            features.append(body(shallow) + shallow)
        return self.last(self.upsample(self.attention(torch.cat(features, dim=1))))


class AttentiveBlock(nn.Module):
    """A residual block, then attention over its sum."""

    def __init__(self, config: MHCAConfig) -> None:
        super().__init__()
        self.block = ResidualBlock(config.dim, config.residual_scale)
        self.attention = ConvolutionalAttention(config.dim, config.num_heads, config.ratio)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        return self.attention(self.block(features))


class ConvolutionalAttention(nn.Module):
    """x * sigmoid(sum of heads); a head of kernel k shrinks the map by k - 1 and transposes back (Eqs. 1-4)."""

    def __init__(self, dim: int, num_heads: int, ratio: float) -> None:
        super().__init__()
        if not 1 <= num_heads <= len(KERNELS):
            raise ValueError(f"num_heads {num_heads} must lie in 1 .. {len(KERNELS)}")
        self.num_heads = num_heads
        hidden = int(dim / ratio)
        self.shrink = nn.ModuleList(nn.Conv2d(dim, hidden, k) for k in KERNELS)
        self.grow = nn.ModuleList(
            nn.Conv2d(hidden, dim, 1) if k == 1 else nn.ConvTranspose2d(hidden, dim, k) for k in KERNELS
        )

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """The features, each value weighted by 0..1."""
        heads = list(zip(self.shrink, self.grow, strict=True))[: self.num_heads]
        scores = torch.stack([grow(F.relu(shrink(features))) for shrink, grow in heads]).sum(0)
        return features * scores.sigmoid()


def conv(dim: int) -> nn.Conv2d:
    """The convolution that ends a body."""
    return nn.Conv2d(dim, dim, 3, padding=1)


def check_channels(image: Tensor) -> None:
    """ValueError for anything but one channel."""
    if image.shape[1] != 1:
        raise ValueError(f"a slice has 1 channel, found {image.shape[1]}")


def run_published(model: nn.Module, images: Tensor | Sequence[Tensor]) -> Tensor:
    """The published MMHCA takes a list of contrasts."""
    output: Tensor = model(images) if isinstance(images, Tensor) else model(*images)
    return output


# Our names -> the published ones; see models/published.py.
_HEADS = ("channel_attention", "spatial_attention", "spatial_attention_2")
_BRANCHES = "nav"
PUBLISHED_NAMES = (
    *((rf"attention\.shrink\.{i}\.", f"{name}.0.") for i, name in enumerate(_HEADS)),
    *((rf"attention\.grow\.{i}\.", f"{name}.2.") for i, name in enumerate(_HEADS)),
    (r"^body\.(\d+)\.block\.conv1\.", r"body.\1.body.0."),
    (r"^body\.(\d+)\.block\.conv2\.", r"body.\1.body.2."),
    (r"^bodies\.(\d+)\.(\d+)\.conv1\.", r"bodies.\1.\2.body.0."),
    (r"^bodies\.(\d+)\.(\d+)\.conv2\.", r"bodies.\1.\2.body.2."),
    *((rf"^bodies\.{i}\.", f"body_{b}.") for i, b in enumerate(_BRANCHES)),
    *((rf"^heads\.{i}\.", f"head_{b}.0.") for i, b in enumerate(_BRANCHES)),
    (r"^head\.", "head.0."),
    (r"^upsample\.", "tail.0."),
    (r"^last\.", "tail.1."),
)
GOLDENS: Mapping[str, MHCAConfig | MMHCAConfig] = {
    "mhca_x2_edsr": PRESETS["x2"],
    "mhca_x4_edsr": PRESETS["x4"],
    "mmhca_x2_edsr_nav": MMHCA_PRESETS["pair_x2"],
    "mmhca_x4_edsr_nav": MMHCA_PRESETS["pair_x4"],
}


def dead(config: MHCAConfig | MMHCAConfig) -> tuple[str, ...]:
    """The third branch of MMHCA, and the heads beyond `num_heads`."""
    third = ("(head|body)_v.*",) if isinstance(config, MMHCAConfig) else ()
    return (*third, *(rf"(.*\.)?{name}\.[02]\..*" for name in _HEADS[config.num_heads :]))
