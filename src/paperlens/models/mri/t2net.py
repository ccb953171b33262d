"""T2Net: reconstruction teaches super-resolution, block by block, through a task transformer.

Feng et al., "Task Transformer Network for Joint MRI Reconstruction and Super-Resolution", MICCAI 2021,
arXiv:2106.06742v2 (sections of that; its numbered equations were not at hand).

Input    one low-resolution slice with aliasing                    b 1 h w
Output   the slice enlarged; the slice reconstructed at its size    b 1 (h s) (w s), b 1 h w

Symbols (paper -> code)
    SR branch, Rec branch    super_resolution, reconstruction
    Q K V                    SR features, Rec features, Rec features     T   transferred   S   soft
Departures: none. Quirks kept: relevance is searched over all pixels, n^2 cosines for n pixels; the folded patches are
    divided by 9 also at the border; the convolution that ends each branch's body is stored and never called (DEAD).
The architecture is TTSR's texture transformer with the other task's features in place of a reference picture.
Published size: none in the paper. Counted 1,473,282 with 8 blocks (training script; live 1,399,426), 1,785,218 with 10
    (module's default; live 1,711,362).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.residual import ResidualBlock
from paperlens.layers.upsample import SubPixelUpsample
from paperlens.ops import patches
from paperlens.ops.check import check_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class T2NetConfig:
    """The training script's values are the defaults."""

    scale: int = 2
    dim: int = 64
    depth: int = 8
    residual_scale: float = 0.1


class T2Net(nn.Module):
    """Two branches of residual blocks; after each block the first asks the second (Sec. 2)."""

    def __init__(self, config: T2NetConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.super_resolution, self.reconstruction = Branch(config), Branch(config)
        self.transformers = nn.ModuleList(TaskTransformer(dim) for _ in range(config.depth))
        self.upsample = SubPixelUpsample(dim, config.scale)
        self.last = nn.Conv2d(dim, 1, 3, padding=1)
        self.last_reconstruction = nn.Conv2d(dim, 1, 1)

    def forward(
        self, low_res: Float[Tensor, "b c h w"]
    ) -> tuple[Float[Tensor, "b 1 sh sw"], Float[Tensor, "b 1 h w"]]:
        """The slice enlarged, and reconstructed at its own size."""
        check_channels(low_res, 1, "slice")
        shallow, shallow_rec = self.super_resolution.head(low_res), self.reconstruction.head(low_res)
        x, rec = shallow, shallow_rec
        steps = zip(self.super_resolution.blocks, self.reconstruction.blocks, self.transformers, strict=False)
        for block, block_rec, transformer in steps:
            x, rec = block(x), block_rec(rec)
            x = transformer(x, rec)
        return self.last(self.upsample(x + shallow)), self.last_reconstruction(rec + shallow_rec)


class Branch(nn.Module):
    """A head and its blocks; T2Net walks through them itself."""

    def __init__(self, config: T2NetConfig) -> None:
        super().__init__()
        self.head = nn.Conv2d(1, config.dim, 5, padding=2)
        blocks = [ResidualBlock(config.dim, config.residual_scale) for _ in range(config.depth)]
        unused = nn.Conv2d(config.dim, config.dim, 3, padding=1)  # published as the last entry, never called
        self.blocks = nn.ModuleList([*blocks, unused])


class TaskTransformer(nn.Module):
    """x + conv(x, T) * S: the other task's features, moved to where they are most alike (Sec. 2, task transformer)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fuse = nn.Conv2d(2 * dim, dim, 1)

    def forward(
        self, x: Float[Tensor, "b d h w"], other: Float[Tensor, "b d h w"]
    ) -> Float[Tensor, "b d h w"]:
        """The shape stays."""
        height, width = x.shape[-2:]
        best, index = patches.relevance(x, other)
        soft = rearrange(best, "b (h w) -> b 1 h w", h=height)
        texture = patches.transfer(other, index, (height, width))
        return x + self.fuse(torch.cat([x, texture], dim=1)) * soft


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = T2Net, T2NetConfig
PRESETS: Mapping[str, T2NetConfig] = {
    "8": T2NetConfig(),
    "10": T2NetConfig(depth=10),
    "tiny": T2NetConfig(dim=8, depth=2),
}
PARAMETERS: Mapping[str, int] = {"8": 1_473_282, "10": 1_785_218, "tiny": 8_946}
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "8": ((1, 1, 40, 40), 14.0336),
    "10": ((1, 1, 40, 40), 17.4808),
}
ORIGIN, LICENCE = "chunmeifeng/T2Net", "none stated"
NOT_A_PICTURE = "an aliased MR slice of which it gives two: call it from Python, model(slice)"
BAD = [
    ({"shape": (1, 3, 8, 8)}, (1, 3)),
    ({"scale": 5}, (5, 3)),
]


def example(config: T2NetConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small slice."""
    height, width = ((8, 12), (9, 7), (5, 14))[step]
    return (torch.rand(batch, 1, height, width),)


# Our names -> the published ones; see models/published.py.
_BRANCHES = {"super_resolution": 1, "reconstruction": 2}
PUBLISHED_NAMES = (
    *((rf"^{name}\.head\.", f"head{i}.0.") for name, i in _BRANCHES.items()),
    *((rf"^{name}\.blocks\.(\d+)\.conv1\.", rf"body{i}.\1.body.0.") for name, i in _BRANCHES.items()),
    *((rf"^{name}\.blocks\.(\d+)\.conv2\.", rf"body{i}.\1.body.2.") for name, i in _BRANCHES.items()),
    *((rf"^{name}\.blocks\.", f"body{i}.") for name, i in _BRANCHES.items()),
    (r"^transformers\.(\d+)\.fuse\.", r"conv1.\1."),
    (r"^upsample\.", "tail.0."),
    (r"^last\.", "tail.1."),
    (r"^last_reconstruction\.", "b_tail."),
)
DEAD = (r"body[12]\.\d+\.(weight|bias)",)
GOLDENS: Mapping[str, T2NetConfig] = {"t2net_8": PRESETS["8"], "t2net_10": PRESETS["10"]}
HEAVY = (
    "t2net_10",
    "t2net_8",
)
