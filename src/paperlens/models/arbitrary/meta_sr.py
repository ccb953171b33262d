"""Meta-SR: one network for every scale, because a small network predicts the filter of each output pixel.

Hu et al., "Meta-SR: A Magnification-Arbitrary Network for Super-Resolution", CVPR 2019, arXiv:1903.00875v4.

Input    low-resolution RGB image, float, 0..1, and the size wanted   b 3 h w, (height, width)
Output   image of that size, same range                                 b 3 height width

Symbols (paper -> code)
    F^LR  features                features           r       magnification   height / h, width / w
    (i', j')  location projection rows, columns      v_ij    what the weight prediction sees   positions
    W(i, j)   predicted filter    filters            Phi     feature mapping   a product of patch and filter
Departures: the paper has one r; here the two axes may differ, and 1/r is then the root of their product. The
    published code computes ceil(r) times the size and lets the caller pick pixels; we compute the pixels that are
    wanted.
Quirks kept: the two mean shifts are trained along (requires_grad was set on the module, where it does nothing).
Published size: none in the paper; counted 22,419,096, of which 24 in the mean shifts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import torch
from einops import rearrange, repeat
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.mean_shift import DIV2K_MEAN, MeanShift
from paperlens.layers.residual_dense import ResidualDenseFeatures
from paperlens.ops.check import check_channels

KERNEL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaSRConfig:
    """The defaults are Meta-RDN; `scale` is what a call without a size enlarges by."""

    scale: float = 2.0
    dim: int = 64
    blocks: int = 16
    layers: int = 8
    hidden: int = 256


class MetaSR(nn.Module):
    """RDN features, then the Meta-Upscale module in place of a fixed upsampling (Fig. 2)."""

    def __init__(self, config: MetaSRConfig) -> None:
        super().__init__()
        self.config = config
        self.sub_mean = MeanShift(DIV2K_MEAN).requires_grad_()
        self.features = ResidualDenseFeatures(3, config.dim, config.blocks, config.layers)
        self.predict_filter = nn.Sequential(  # phi(v_ij; theta), Sec. 3.4
            nn.Linear(3, config.hidden), nn.ReLU(), nn.Linear(config.hidden, KERNEL**2 * config.dim * 3)
        )
        self.add_mean = MeanShift(DIV2K_MEAN, sign=1).requires_grad_()

    def forward(
        self, low_res: Float[Tensor, "b c h w"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b 3 sh sw"]:
        """The image of `size` (height, width); without it `scale` times the input, rounded down."""
        check_channels(low_res, 3)
        given = (low_res.shape[-2], low_res.shape[-1])
        height, width = size or (int(given[0] * self.config.scale), int(given[1] * self.config.scale))
        for name, wanted in (("height", height), ("width", width)):
            if wanted < 1:
                raise ValueError(f"{name} must be at least 1, not {wanted}")
        rows, down = project(given[0], height, low_res)
        columns, right = project(given[1], width, low_res)
        inverse = low_res.new_full((height, width), sqrt(given[0] * given[1] / (height * width)))  # 1 / r
        down, right = repeat(down, "h -> h w", w=width), repeat(right, "w -> h w", h=height)
        return self.upscale(
            low_res, rows, columns, rearrange([inverse, down, right], "three h w -> h w three")
        )

    def upscale(
        self,
        low_res: Float[Tensor, "b c h w"],
        rows: Int[Tensor, " sh"],
        columns: Int[Tensor, " sw"],
        positions: Float[Tensor, "sh sw 3"],
    ) -> Float[Tensor, "b 3 sh sw"]:
        """Each output pixel is the patch around (rows[i], columns[j]) times the filter that its position predicts."""
        features = self.features(self.sub_mean(low_res))
        patches = rearrange(
            F.unfold(features, KERNEL, padding=1), "b p (h w) -> b h w p", h=features.shape[-2]
        )
        patches = patches[:, rows][:, :, columns]
        filters = rearrange(self.predict_filter(positions), "h w (p c) -> h w p c", c=3)
        return self.add_mean(torch.einsum("bhwp,hwpc->bchw", patches, filters))  # Sec. 3.4, feature mapping


def project(given: int, wanted: int, like: Tensor) -> tuple[Int[Tensor, " s"], Float[Tensor, " s"]]:
    """The location projection of one axis: i' = floor(i / r) and the offset i / r - floor(i / r), in 0..1."""
    steps = torch.arange(wanted, device=like.device)
    index = steps * given // wanted  # in whole numbers: a rounded quotient would fall into the wrong pixel
    return index, (steps * given % wanted).to(like.dtype) / wanted


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = MetaSR, MetaSRConfig
PRESETS: Mapping[str, MetaSRConfig] = {
    "rdn": MetaSRConfig(),
    "tiny": MetaSRConfig(dim=8, blocks=2, layers=2, hidden=8),
}
PARAMETERS: Mapping[str, int] = {"rdn": 22_419_096, "tiny": 7_416}
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {"rdn": ((1, 3, 32, 32), 24.3138)}


def example(config: MetaSRConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, tuple[int, int]]:
    """A small image, enlarged, by other factors in y and x, and shrunk."""
    given, wanted = (((12, 16), (24, 32)), ((9, 13), (14, 30)), ((17, 6), (11, 6)))[step]
    return torch.rand(batch, 3, *given), wanted


PUBLISHED_NAMES = (
    (r"^features\.shallow(\d)\.", r"SFENet\1."),
    (r"^features\.blocks\.(\d+)\.layers\.(\d+)\.", r"RDBs.\1.convs.\2.conv.0."),
    (r"^features\.blocks\.(\d+)\.fuse\.", r"RDBs.\1.LFF."),
    (r"^features\.fuse\.", "GFF."),
    (r"^predict_filter\.", "P2W.meta_block."),
)
GOLDENS: Mapping[str, MetaSRConfig] = {"meta_rdn_x2": PRESETS["rdn"], "meta_rdn_x1_5": PRESETS["rdn"]}
HEAVY = frozenset({"meta_rdn_x2", "meta_rdn_x1_5"})
ORIGIN, LICENCE = "XuecaiHu/Meta-SR-Pytorch", "none stated"
BAD = (({"shape": (1, 1, 8, 8)}, (1, 3)), ({"scale": 0.01, "shape": (1, 3, 8, 8)}, (1, 0)))
NOT_A_PICTURE = "the size that is wanted, too: call it from Python, model(low_res, (height, width))"


def run_published(
    model: MetaSR, low_res: Float[Tensor, "b c h w"], positions: Float[Tensor, "b n 3"]
) -> Float[Tensor, "b 3 sh sw"]:
    """The published call: a position (1/r, dy, dx) for each pixel of an image ceil(r) times as large."""
    height, width = low_res.shape[-2:]
    times = round(sqrt(positions.shape[1] / (height * width)))
    rows, columns = torch.arange(height * times) // times, torch.arange(width * times) // times
    return model.upscale(
        low_res, rows, columns, rearrange(positions[0], "(h w) three -> h w three", h=len(rows))
    )
