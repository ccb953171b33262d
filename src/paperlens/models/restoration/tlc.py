"""TLC: what a network gathers over the whole picture is gathered as locally as it was while training.

Chu et al., "Improving Image Restoration by Revisiting Global Information Aggregation", ECCV 2022,
arXiv:2112.04491v4.

Input    degraded image, as the network wants it, float, 0..1    b c h w      any size
Output   restored image                                          b c h w

Symbols (paper -> code)
    training patch      train_size    local window at full resolution    window (published: 1.5 train_size)
    a window deeper in the network    window * (side of the map there while training) / train_size
No parameter is added: the published tensors are those of the network inside.
Departures: a batch may hold several pictures; the published Restormer takes one.
Quirks kept: windows have a fixed size, so that near a border the nearest whole window is used; Restormer's
    windows do not slide but lie on a grid of as few as cover the map, overlap and are averaged. The published
    converters of MPRNet and HINet always measure at 256 pixels; here train_size is a field, and 256 its
    default.
Published size: that of the network inside. MPRNet 33.31, Restormer 33.57 on GoPro instead of 32.66, 32.92
    (README).
"""

import copy
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.channel_attend import ChannelAttend
from paperlens.layers.pool import GlobalMean, LocalMean
from paperlens.models.facts import Picture
from paperlens.models.restoration import mprnet, nafnet, restormer

NETWORKS = {file.CONFIG: file for file in (mprnet, nafnet, restormer)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TLCConfig:
    """The network inside and two sizes in pixels; the defaults are NAFNet as evaluated on GoPro."""

    network: nafnet.NAFNetConfig | restormer.RestormerConfig | mprnet.MPRNetConfig = nafnet.PRESETS[
        "gopro_w32"
    ]
    train_size: int = 256
    window: int = 384


class TLC(nn.Module):
    """A restoration network whose global operations are local ones."""

    def __init__(self, config: TLCConfig) -> None:
        super().__init__()
        self.config = config
        self.network = NETWORKS[type(config.network)].MODEL(config.network)
        side = config.train_size
        localise(self.network, torch.empty(1, config.network.in_channels, side, side), config.window / side)

    def forward(self, degraded: Float[Tensor, "b c h w"]) -> Float[Tensor, "b out h w"]:
        """The restored image: of several outputs the first. Sides are padded with zeros to multiples of 8."""
        height, width = degraded.shape[2:]
        restored = self.network(F.pad(degraded, (0, -width % 8, 0, -height % 8)))
        return (restored if isinstance(restored, Tensor) else restored[0])[..., :height, :width]


def localise(network: nn.Module, example: Tensor, ratio: float) -> None:
    """Exchange, in place, every global mean and channel attention of `network` for a local one.

    `example` has the shape of a training input: one forward pass, without numbers, tells the size of the map at each of
    them; the window there is `ratio` of that size, rounded down. Any model with these layers will do.
    """
    targets = {n: m for n, m in network.named_modules() if isinstance(m, (GlobalMean, ChannelAttend))}
    if not targets:
        raise ValueError(f"{type(network).__name__} has 0 global operations, at least 1 is needed")
    for name, (height, width) in map_sizes(network, example, targets).items():
        window, module = (int(height * ratio), int(width * ratio)), targets[name]
        local = LocalMean(*window) if isinstance(module, GlobalMean) else LocalAttend(module, *window)
        network.set_submodule(name, local)


def map_sizes(network: nn.Module, example: Tensor, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Height and width of what each of the named modules is given first, when the network runs on `example`."""
    meta = {id(t): t.detach().to("meta") for t in (*network.parameters(), *network.buffers())}
    probe = copy.deepcopy(network, meta)  # shares no number with the network, and holds none
    sizes: dict[str, tuple[int, int]] = {}
    for name in names:
        probe.get_submodule(name).register_forward_pre_hook(
            lambda _, inputs, name=name: sizes.update({name: tuple(inputs[0].shape[2:])})
        )
    with torch.no_grad():
        probe(example.to("meta"))
    return sizes


class LocalAttend(nn.Module):
    """Channel attention in windows that cover the map; where they overlap, the mean."""

    def __init__(self, attend: nn.Module, height: int, width: int) -> None:
        super().__init__()
        self.attend, self.height, self.width = attend, height, width

    def forward(
        self,
        q: Float[Tensor, "b c h w"],
        k: Float[Tensor, "b c h w"],
        v: Float[Tensor, "b c h w"],
        temperature: Float[Tensor, "heads 1 1"],
    ) -> Float[Tensor, "b c h w"]:
        """The shape stays."""
        total, count = torch.zeros_like(v), v.new_zeros(v.shape[2:])
        for rows in cover(v.shape[2], self.height):
            for columns in cover(v.shape[3], self.width):
                here = (..., rows, columns)
                total[here] += self.attend(q[here], k[here], v[here], temperature)
                count[here] += 1
        return total / count


def cover(length: int, window: int) -> Iterator[slice]:
    """As few windows as cover the length, evenly spread by whole pixels; the last ends where the length does."""
    window = min(window, length)
    number = math.ceil(length / window)
    step = math.ceil((length - window) / (number - 1)) if number > 1 else window
    for i in range(number):
        start = min(i * step, length - window)
        yield slice(start, start + window)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = TLC, TLCConfig
PRESETS: Mapping[str, TLCConfig] = {
    "nafnet_gopro_w32": TLCConfig(),
    "nafnet_gopro_w64": TLCConfig(network=nafnet.PRESETS["gopro_w64"]),
    "restormer_deblur": TLCConfig(network=restormer.PRESETS["deblur"]),
    "mprnet_deblur": TLCConfig(network=mprnet.PRESETS["deblur"]),
    "tiny": TLCConfig(network=nafnet.PRESETS["tiny"], train_size=16, window=12),
    "tiny_restormer": TLCConfig(network=restormer.PRESETS["tiny"], train_size=16, window=8),
    "tiny_mprnet": TLCConfig(network=mprnet.PRESETS["tiny"], train_size=16, window=8),
}
PARAMETERS: Mapping[str, int] = {
    "nafnet_gopro_w32": 17_111_907,
    "nafnet_gopro_w64": 67_888_835,
    "restormer_deblur": 26_126_644,
    "mprnet_deblur": 20_127_073,
    "tiny": nafnet.PARAMETERS["tiny"],
    "tiny_restormer": restormer.PARAMETERS["tiny"],
    "tiny_mprnet": mprnet.PARAMETERS["tiny"],
}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "nafnet_gopro_w32": ((1, 3, 512, 512), 73.479),
    "restormer_deblur": ((1, 3, 512, 512), 688.9858),
    "mprnet_deblur": ((1, 3, 512, 512), 3042.5262),
}
ORIGIN, LICENCE = "megvii-research/TLC", "MIT; parts of MPRNet and Restormer are non-commercial"
CALL = Picture(
    channels=lambda config: config.network.in_channels, multiple=lambda config: 8, border="constant"
)
BAD = [
    ({"window": 1, "shape": (1, 3, 16, 16)}, (0, 0)),
]


def example(config: TLCConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small image, larger than the window; step 1 and 2 have sides that are padded."""
    height, width = ((16, 24), (19, 13), (21, 33))[step]
    return (torch.rand(batch, config.network.in_channels, height, width),)


def published_names(config: TLCConfig) -> tuple[tuple[Any, ...], ...]:
    """Those of the network inside."""
    return ((r"^network\.", ""), *NETWORKS[type(config.network)].PUBLISHED_NAMES)


_SMALL = TLCConfig(train_size=32, window=48)
GOLDENS: Mapping[str, TLCConfig] = {
    "nafnet_local_gopro_w32": _SMALL,
    "tlc_restormer": replace(
        _SMALL, network=replace(restormer.PRESETS["deblur"], depths=(1, 1, 2, 2), refinement=1)
    ),
    "tlc_mprnet": replace(_SMALL, network=replace(mprnet.PRESETS["deblur"], num_cabs=2)),
}
HEAVY = (
    "nafnet_local_gopro_w32",
    "tlc_mprnet",
    "tlc_restormer",
)
