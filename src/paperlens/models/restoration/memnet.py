"""MemNet: a gate decides how much of every earlier state is kept, so that a deep network forgets less.

Tai et al., "MemNet: A Persistent Memory Network for Image Restoration", ICCV 2017, arXiv:1708.02209v1.

Input    degraded image, one channel (luma), float, 0..1; enlarged first for super-resolution   b 1 h w
Output   restored image, same range                                                              b 1 h w

Symbols (paper -> code)
    B_m    state after memory block m   states         H_m^r  recursion r of a block     short
    M, R   blocks and recursions        blocks, recursions    f_ext, f_rec  ends         extract, reconstruct
    w_m    weight of each supervised output            output_weights
Departures: none. Every convolution is preceded by batch norm and ReLU (Sec. 3.2).
Quirks kept, from the released Caffe definition: the weights of a block's two convolutions are shared by its
    recursions and their batch norms are not; the reconstruction is shared by the six outputs and its batch norm is
    not; a gate sees the long-term memory first, then the short-term one (the paper writes them the other way
    round).
Published size: 677K (paper, unverified), which is the 676,992 values of the convolution kernels; counted 695,497
    with biases, batch norms and the six output weights, as in the Caffe definition. No trustworthy torch code
    exists, so nothing but counts holds this file to the authors' network.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.models.facts import Picture
from paperlens.ops.check import check_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class MemNetConfig:
    """The defaults are M6R6, 80 layers deep."""

    in_channels: int = 1
    dim: int = 64
    blocks: int = 6
    recursions: int = 6


class MemNet(nn.Module):
    """Feature extraction, memory blocks each supervised, a weighted sum of their reconstructions (Fig. 2, Sec. 3.3)."""

    def __init__(self, config: MemNetConfig) -> None:
        super().__init__()
        self.config = config
        channels, dim = config.in_channels, config.dim
        self.extract = PreActivation(channels, dim)
        self.blocks = nn.ModuleList(MemoryBlock(dim, m + 1, config.recursions) for m in range(config.blocks))
        self.reconstruct_norms = nn.ModuleList(nn.BatchNorm2d(dim) for _ in range(config.blocks))
        self.reconstruct = nn.Conv2d(dim, channels, 3, padding=1)
        self.output_weights = nn.Parameter(torch.full((config.blocks,), 1 / config.blocks))

    def forward(self, degraded: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The restored image: the learnt average over the outputs of all memory blocks."""
        outputs = self.outputs(degraded)
        weights = self.output_weights
        return torch.stack([weight * output for weight, output in zip(weights, outputs, strict=True)]).sum(0)

    def outputs(self, degraded: Float[Tensor, "b c h w"]) -> list[Float[Tensor, "b c h w"]]:
        """What each memory block alone would restore; all of them are supervised in training."""
        check_channels(degraded, self.config.in_channels)
        states = [self.extract(degraded)]  # B_0
        for block in self.blocks:
            states.append(block(states))
        return [
            degraded + self.reconstruct(F.relu(norm(state)))
            for norm, state in zip(self.reconstruct_norms, states[1:], strict=True)
        ]


class MemoryBlock(nn.Module):
    """A recursive unit, whose every state is short-term memory, and a gate over these and all earlier blocks."""

    def __init__(self, dim: int, earlier: int, recursions: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(dim, dim, 3, padding=1)  # shared by all recursions
        self.conv2 = nn.Conv2d(dim, dim, 3, padding=1)
        self.norms1 = nn.ModuleList(nn.BatchNorm2d(dim) for _ in range(recursions))
        self.norms2 = nn.ModuleList(nn.BatchNorm2d(dim) for _ in range(recursions))
        self.gate = PreActivation((earlier + recursions) * dim, dim, kernel=1)

    def forward(self, long: list[Float[Tensor, "b d h w"]]) -> Float[Tensor, "b d h w"]:
        """The next state from all earlier ones, the long-term memory."""
        state, short = long[-1], []
        for norm1, norm2 in zip(self.norms1, self.norms2, strict=True):
            residual = self.conv2(F.relu(norm2(self.conv1(F.relu(norm1(state))))))
            state = state + residual
            short.append(state)
        return self.gate(torch.cat([*long, *short], dim=1))


class PreActivation(nn.Sequential):
    """Batch norm and ReLU before a convolution: tau in the paper."""

    def __init__(self, in_channels: int, dim: int, kernel: int = 3) -> None:
        conv = nn.Conv2d(in_channels, dim, kernel, padding=kernel // 2)
        super().__init__(nn.BatchNorm2d(in_channels), nn.ReLU(), conv)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = MemNet, MemNetConfig
PRESETS: Mapping[str, MemNetConfig] = {
    "m6r6": MemNetConfig(),
    "tiny": MemNetConfig(dim=8, blocks=2, recursions=2),
}
PARAMETERS: Mapping[str, int] = {"m6r6": 695_497, "tiny": 3_229}


def example(config: MemNetConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small image of even or odd sides."""
    height, width = ((12, 16), (9, 13), (17, 6))[step]
    return (torch.rand(batch, config.in_channels, height, width),)


GOLDENS: Mapping[str, MemNetConfig] = {}
PUBLISHED_SIZES = {"m6r6": ("677K", "unverified; the kernels alone are 676,992")}
ORIGIN, LICENCE = "tyshiwo/MemNet", "none stated"
BAD = (({"shape": (1, 3, 8, 8)}, (1, 3)),)
CALL = Picture(
    note="The authors restore the luma of a picture that bicubic interpolation has enlarged already."
)
