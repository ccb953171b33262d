"""LIIF: a picture is a function of its coordinates, read from the features nearest to the point that is asked.

Chen et al., "Learning Continuous Image Representation with Local Implicit Image Function", CVPR 2021,
arXiv:2012.09161v2.

Input    low-resolution RGB image, float, normalised to -1..1, and the size wanted   b 3 h w, (height, width)
Output   image of that size, same range                                                b 3 height width

Symbols (paper -> code)
    M   feature map           features          x   coordinate of a pixel, -1..1, y first   coord
    z*  nearest feature       nearest           v*  that feature's own coordinate           centre
    c   a pixel's two sides   cell              f   the decoding function                   decode
Departures: none.
Quirks kept: EDSR's two frozen mean shifts are stored and never applied; coordinates are moved by a further 1e-6
    before the nearest feature is looked up, and 1e-9 is added to each area; the grid of features is float32 in
    every dtype.
Published size: none in the paper; counted 1,567,323 with EDSR-baseline, of which 1,567,299 are trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.mean_shift import DIV2K_MEAN, MeanShift
from paperlens.layers.residual import ResidualBlock
from paperlens.ops.check import check_channels
from paperlens.ops.positions import cell_centres

KERNEL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LIIFConfig:
    """The defaults are EDSR-baseline's features; `scale` is what a call without a size enlarges by."""

    scale: float = 2.0
    dim: int = 64
    depth: int = 16
    hidden: tuple[int, ...] = (256, 256, 256, 256)


class LIIF(nn.Module):
    """EDSR's features without upsampling, and a small network that answers for any point (Sec. 3)."""

    def __init__(self, config: LIIFConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = EDSRFeatures(config.dim, config.depth)
        dims = (KERNEL**2 * config.dim + 2 + 2, *config.hidden)  # unfolded feature, offset, cell
        layers = [layer for pair in pairwise(dims) for layer in (nn.Linear(*pair), nn.ReLU())]
        self.decode = nn.Sequential(*layers, nn.Linear(dims[-1], 3))

    def forward(
        self, low_res: Float[Tensor, "b c h w"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b 3 sh sw"]:
        """The image of `size` (height, width), at any scale; without it `scale` times the input, rounded down."""
        given = (low_res.shape[-2], low_res.shape[-1])
        height, width = size or (int(given[0] * self.config.scale), int(given[1] * self.config.scale))
        for name, wanted in (("height", height), ("width", width)):
            if wanted < 1:
                raise ValueError(f"{name} must be at least 1, not {wanted}")
        coord = repeat(cell_centres(height, width).to(low_res), "h w two -> b (h w) two", b=len(low_res))
        cell = torch.ones_like(coord) * coord.new_tensor([2 / height, 2 / width])
        return rearrange(self.query(low_res, coord, cell), "b (h w) c -> b c h w", h=height)

    def query(
        self, low_res: Float[Tensor, "b c h w"], coord: Float[Tensor, "b n 2"], cell: Float[Tensor, "b n 2"]
    ) -> Float[Tensor, "b n 3"]:
        """Colours at `coord`, y first in -1..1, of pixels whose sides are `cell`."""
        check_channels(low_res, 3)
        height, width = low_res.shape[-2:]
        features = unfolded(self.encoder(low_res))  # Eq. 3
        centres = cell_centres(height, width).to(features.device)
        centres = repeat(centres, "h w two -> b two h w", b=len(low_res)).to(features.dtype)
        sides = coord.new_tensor([height, width])
        colours, areas = [], []
        for corner in ((-1, -1), (-1, 1), (1, -1), (1, 1)):  # local ensemble, Eq. 4
            moved = coord + coord.new_tensor(corner) / sides + 1e-6
            moved = moved.clamp(-1 + 1e-6, 1 - 1e-6)
            nearest, centre = sample(features, moved), sample(centres, moved)
            offset = (coord - centre) * sides
            colours.append(self.decode(torch.cat([nearest, offset, cell * sides], dim=-1)))  # Eq. 5
            areas.append(offset.prod(dim=-1).abs() + 1e-9)
        opposite = rearrange(areas[::-1], "four b n -> four b n 1")  # a corner weighs by the area across
        return (rearrange(colours, "four b n c -> four b n c") * opposite).sum(0) / opposite.sum(0)


class EDSRFeatures(nn.Module):
    """EDSR-baseline up to its upsampling: head, residual blocks, one long skip."""

    def __init__(self, dim: int, depth: int) -> None:
        super().__init__()
        self.sub_mean, self.add_mean = MeanShift(DIV2K_MEAN), MeanShift(DIV2K_MEAN, sign=1)  # stored, unused
        self.head = nn.Conv2d(3, dim, 3, padding=1)
        blocks = [ResidualBlock(dim) for _ in range(depth)]
        self.body = nn.Sequential(*blocks, nn.Conv2d(dim, dim, 3, padding=1))

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b d h w"]:
        """Features of the image's size."""
        shallow = self.head(image)
        return shallow + self.body(shallow)


def unfolded(features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b p h w"]:
    """Each feature with its eight neighbours, zero outside: p = 9 d (Eq. 3)."""
    patches = F.unfold(features, KERNEL, padding=1)
    return rearrange(patches, "b p (h w) -> b p h w", h=features.shape[-2])


def sample(features: Float[Tensor, "b d h w"], coord: Float[Tensor, "b n 2"]) -> Float[Tensor, "b n d"]:
    """The feature of the cell that each coordinate (y first) lies in."""
    grid = rearrange(coord.flip(-1), "b n two -> b 1 n two")  # grid_sample wants x first
    found = F.grid_sample(features, grid, mode="nearest", align_corners=False)
    return rearrange(found, "b d 1 n -> b n d")


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = LIIF, LIIFConfig
PRESETS: Mapping[str, LIIFConfig] = {
    "edsr_baseline": LIIFConfig(),
    "tiny": LIIFConfig(dim=8, depth=2, hidden=(16, 16)),
}
PARAMETERS: Mapping[str, int] = {"edsr_baseline": 1_567_323, "tiny": 4_723}
# Of 9,216 points; at 2,304, as many as the input has pixels, it is 5.9942 (tests/models/arbitrary/test_liif.py).
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {"edsr_baseline": ((1, 3, 48, 48), 15.5565)}


def example(config: LIIFConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, tuple[int, int]]:
    """A small image, enlarged, by other factors in y and x, and shrunk."""
    given, wanted = (((12, 16), (24, 32)), ((9, 13), (14, 30)), ((17, 6), (11, 6)))[step]
    return torch.rand(batch, 3, *given), wanted


PUBLISHED_NAMES = (
    (r"^encoder\.head\.", "encoder.head.0."),
    (r"^encoder\.body\.(\d+)\.conv1\.", r"encoder.body.\1.body.0."),
    (r"^encoder\.body\.(\d+)\.conv2\.", r"encoder.body.\1.body.2."),
    (r"^decode\.", "imnet.layers."),
)
GOLDENS: Mapping[str, LIIFConfig] = {"liif_edsr_baseline": PRESETS["edsr_baseline"]}
FLOAT32 = frozenset({"liif_edsr_baseline"})
ORIGIN, LICENCE = "yinboc/liif", "BSD-3-Clause"
BAD = (({"shape": (1, 1, 8, 8)}, (1, 3)), ({"scale": 0.01, "shape": (1, 3, 8, 8)}, (1, 0)))
NOT_A_PICTURE = "the size that is wanted, too: call it from Python, model(low_res, (height, width))"


def run_published(model: LIIF, low_res: Tensor, coord: Tensor, cell: Tensor) -> Tensor:
    """The published call asks for points."""
    return model.query(low_res, coord, cell)
