"""MAXIM: gated perceptrons along two axes, inside blocks and across a grid, at linear cost.

Tu et al., "MAXIM: Multi-Axis MLP for Image Processing", CVPR 2022, arXiv:2201.02973.

Input    degraded RGB image, float, 0..1                     b c h w      sides: multiples of 64
Output   for every stage its images at 1/4, 1/2, full size   the last one is the restored image

Symbols (paper -> code; the blocks are in maxim_blocks.py)
    b, d  block and grid side    window_sizes[level]     MAB   multi-axis gated MLP block    MultiAxis of GatedMlp
    C     width                  dim * 2^level           CGB   cross gating block            CrossGating
    RCAB, RDCAB  attention       ConvAttention, ChannelMixing       SAM   supervised attention    Supervision
Departures: the network has no dead parameters; the authors' torch port registers 4,482,400 more that never reach an
    output (listed under `dropped`). Only the gates' maps start as published, all other layers as torch starts them.
Quirks kept: GELU is its tanh approximation; the nearest resize of the input takes pixel 1 of 2 and pixel 2 of 4; a map
    that shrinks is smoothed before (antialiasing).
Published size: 22.2M and 339 GFLOPs for S-3, 14.1M for S-2 (README); counted 22,212,795 of the port's 26,695,195 and
    152.12 G multiply-accumulates at 256x256.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import lcm
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.models.facts import Picture
from paperlens.models.restoration.maxim_blocks import (
    ChannelMixing,
    ConvAttention,
    CrossGating,
    Gather,
    MultiAxisBlock,
    Supervision,
)
from paperlens.ops.check import check_channels, check_multiple


@dataclass(frozen=True, slots=True, kw_only=True)
class MAXIMConfig:
    """The defaults are MAXIM-3S."""

    in_channels: int = 3
    dim: int = 32
    stages: int = 3
    window_sizes: tuple[int, ...] = (16, 16, 8)
    groups: int = 2
    bottlenecks: int = 2
    reduction: int = 4


class Carried(NamedTuple):
    """What a stage hands to the next, for every level: attended, encoder's and decoder's features."""

    attended: Sequence[Tensor]
    encoded: Sequence[Tensor]
    decoded: Sequence[Tensor]


class MAXIM(nn.Module):
    """U-shaped stages, each supervised at every level, the next one gated by the one before (Sec. 3.4)."""

    def __init__(self, config: MAXIMConfig) -> None:
        super().__init__()
        self.config = config
        self.stages = nn.ModuleList(
            Stage(config, first=i == 0, last=i == config.stages - 1) for i in range(config.stages)
        )

    def forward(self, degraded: Float[Tensor, "b c h w"]) -> list[Float[Tensor, "b c y x"]]:
        """The images of all stages, each stage's from the smallest to the full one."""
        check_channels(degraded, self.config.in_channels)
        check_multiple(degraded, multiple(self.config))
        image = degraded.contiguous(memory_format=torch.channels_last)
        steps = [2**i for i in range(len(self.config.window_sizes))]
        images = [image[..., step // 2 :: step, step // 2 :: step] for step in steps]
        restored: list[Tensor] = []
        carried = None
        for stage in self.stages:
            outputs, carried = stage(images, carried)
            restored += outputs
        return restored


class Stage(nn.Module):
    """Encoder, bottleneck, decoder; cross-gated skips that gather all levels (Sec. 3.1)."""

    def __init__(self, config: MAXIMConfig, *, first: bool, last: bool) -> None:
        super().__init__()
        sides, channels = config.window_sizes, config.in_channels
        dims = [config.dim * 2**i for i in range(len(sides))]
        inner = [*dims[1:], dims[-1]]  # what comes from below a level
        outer = [dims[0], *dims[:-1]]  # and from above
        levels, n = list(zip(dims, sides, strict=True)), len(sides)
        block = partial(MultiAxisBlock, groups=config.groups, reduction=config.reduction)
        self.input = nn.ModuleList(nn.Conv2d(channels, dim, 3, padding=1) for dim in dims)
        self.fuse = nn.ModuleList(CrossGating(dim, dim, side) for dim, side in levels if not first)
        self.encoder = nn.ModuleList(
            block(above + dim, dim, side, ConvAttention)
            for above, (dim, side) in zip(outer, levels, strict=True)
        )
        self.gate = nn.ModuleList(CrossGating(dim, dim, side) for dim, side in levels if not first)
        self.down = nn.ModuleList(nn.Conv2d(dim, dim, 4, stride=2, padding=1) for dim in dims)
        self.bottleneck = nn.Sequential(
            *(block(dims[-1], dims[-1], sides[-1], ChannelMixing) for _ in range(config.bottlenecks))
        )
        self.gather_encoded = nn.ModuleList(Gather(dims, i) for i in range(n))
        self.skip = nn.ModuleList(
            CrossGating(n * dim, dim, side, below) for below, (dim, side) in zip(inner, levels, strict=True)
        )
        self.gather_skips = nn.ModuleList(Gather(dims, i) for i in range(n))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(below, dim, 2, stride=2) for below, dim in zip(inner, dims, strict=True)
        )
        self.decoder = nn.ModuleList(block((n + 1) * dim, dim, side, ConvAttention) for dim, side in levels)
        self.output = nn.ModuleList(
            nn.Conv2d(dim, channels, 3, padding=1) if last else Supervision(dim, channels) for dim in dims
        )

    def forward(
        self, images: Sequence[Float[Tensor, "b c _ _"]], before: Carried | None
    ) -> tuple[list[Float[Tensor, "b c _ _"]], Carried]:
        """The stage's images, the smallest first, and what it hands on."""
        inputs = [conv(image) for conv, image in zip(self.input, images, strict=True)]
        if before is not None:
            inputs = [f(x, y)[0] for f, x, y in zip(self.fuse, inputs, before.attended, strict=True)]
        features, encoded = inputs[0], []
        for i, encoder in enumerate(self.encoder):
            features = encoder(torch.cat([features, inputs[i]], dim=1))
            if before is not None:
                features, _ = self.gate[i](features, before.encoded[i] + before.decoded[i])
            encoded.append(features)
            features = self.down[i](features)
        features = self.bottleneck(features)
        skips, signal = list(encoded), features
        for i in reversed(range(len(images))):
            skips[i], signal = self.skip[i](torch.cat(self.gather_encoded[i](encoded), dim=1), signal)
        decoded, attended, restored = list(encoded), list(encoded), []
        for i in reversed(range(len(images))):
            gathered = self.gather_skips[i](skips)[::-1]  # the coarsest first
            features = self.decoder[i](torch.cat([self.up[i](features), *gathered], dim=1))
            decoded[i], head = features, self.output[i]
            if isinstance(head, Supervision):
                attended[i], image = head(features, images[i])
            else:
                image = head(features) + images[i]
            restored.append(image)
        return restored, Carried(attended, encoded, decoded)


def multiple(config: MAXIMConfig) -> int:
    """What divides both sides, so that blocks tile the map of every level and of the bottleneck."""
    sides = [*config.window_sizes, config.window_sizes[-1]]
    return lcm(*(side * 2**i for i, side in enumerate(sides)))


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = MAXIM, MAXIMConfig
PRESETS: Mapping[str, MAXIMConfig] = {
    "2s": MAXIMConfig(stages=2),
    "3s": MAXIMConfig(),
    "tiny": MAXIMConfig(dim=8, stages=2, window_sizes=(4, 2), groups=1, bottlenecks=1),
}
PARAMETERS: Mapping[str, int] = {"2s": 14_176_178, "3s": 22_212_795, "tiny": 102_388}
# Multiply-accumulates in G for one input of this shape.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {"3s": ((1, 3, 256, 256), 152.1234)}
PUBLISHED_SIZES = {"2s": ("14.1M", "MAXIM's README"), "3s": ("22.2M", "MAXIM's README")}
ORIGIN, LICENCE = "google-research/maxim", "Apache-2.0"
CALL = Picture(multiple=multiple, output=-1)
BAD = [({"dim": 2}, (1, 2)), ({"shape": (1, 3, 16, 20)}, (8, 20)), ({"shape": (1, 1, 16, 16)}, (1, 3))]


def example(config: MAXIMConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """A small image; sides are multiples of what blocks tile."""
    rows, columns = ((2, 3), (3, 1), (3, 4))[step]
    size = rows * multiple(config), columns * multiple(config)
    return (torch.rand(batch, config.in_channels, *size),)


def published_names(config: MAXIMConfig) -> tuple[tuple[str, ...], ...]:
    """Our names -> those of the authors' torch port, which are flax's."""
    fine = range(len(config.window_sizes))
    coarse = fine[::-1]
    order = [("gather_encoded", i, j) for i in coarse for j in fine]
    order += [("gather_skips", i, j) for i in coarse for j in coarse]
    gathers = (
        (rf"^stages\.{s}\.{name}\.{i}\.{j}\.", f"UpSampleRatio_{s * len(order) + n}.Conv_0.")
        for s in range(config.stages)
        for n, (name, i, j) in enumerate(order)
    )
    return (*gathers, *_PORT)


_PORT = (
    (r"^stages\.(\d+)\.([a-z]+)\.(\d+)\.", r"stage_\1_\2_\3."),
    (r"_input_(\d)", r"_input_conv_\1"),
    (r"_fuse_(\d)", r"_input_fuse_sam_\1"),
    (r"_skip_(\d)", r"_cross_gating_block_\1"),
    (r"_encoder_(\d)", r"_encoder_block_\1"),
    (r"_gate_(\d)\.", r"_encoder_block_\1.cross_gating_block."),
    (r"_down_(\d)\.", r"_encoder_block_\1.Conv_1."),
    (r"_bottleneck_(\d)\.project\.", r"_global_block_\1.input_proj."),
    (r"_bottleneck_(\d)\.attention\.", r"_global_block_\1.channel_attention_block_1_"),
    (r"_bottleneck_(\d)", r"_global_block_\1"),
    (r"_up_(\d)\.", r"_decoder_block_\1.ConvTranspose_0."),
    (r"_decoder_(\d)\.", r"_decoder_block_\1.UNetEncoderBlock_0."),
    (r"_output_(\d)\.features\.", r"_supervised_attention_module_\1.Conv_0."),
    (r"_output_(\d)\.image\.", r"_supervised_attention_module_\1.Conv_1."),
    (r"_output_(\d)\.mask\.", r"_supervised_attention_module_\1.Conv_2."),
    (r"_output_(\d)\.", r"_output_conv_\1."),
    (r"\.project\.", ".Conv_0."),
    (r"\.attention\.(\d)\.", r".channel_attention_block_1\1."),
    (r"(attention_block_[\d_]+)\.attention\.squeeze\.", r"\1.channel_attention.Conv_0."),
    (r"(attention_block_[\d_]+)\.attention\.excite\.", r"\1.channel_attention.Conv_1."),
    (r"(attention_block_[\d_]+)\.norm\.", r"\1.LayerNorm."),
    (r"(attention_block_[\d_]+)\.expand\.", r"\1.channel_mixing.Dense_0."),
    (r"(attention_block_[\d_]+)\.contract\.", r"\1.channel_mixing.Dense_1."),
    (r"\.weights_([xy])\.grid\.map\.", r".SplitHeadMultiAxisGating_\1.Dense_0."),
    (r"\.weights_([xy])\.block\.map\.", r".SplitHeadMultiAxisGating_\1.Dense_1."),
    (r"\.weights_([xy])\.", r".SplitHeadMultiAxisGating_\1."),
    (r"\.mixing\.(\d)\.", r".SplitHeadMultiAxisGmlpLayer_\1."),
    (r"(Axis\w+_\w)\.norm\.", r"\1.LayerNorm_in."),
    (r"\.grid\.", ".GridGmlpLayer."),
    (r"\.block\.", ".BlockGmlpLayer."),
    (r"(Grid|Block)GmlpLayer\.norm\.", r"\1GmlpLayer.LayerNorm."),
    (r"(Grid|Block)GmlpLayer\.gate_norm\.", r"\1GmlpLayer.\1GatingUnit.intermediate_layernorm."),
    (r"(Grid|Block)GmlpLayer\.mix\.map\.", r"\1GmlpLayer.\1GatingUnit.Dense_0."),
    (r"\.expand\.", ".in_project."),
    (r"\.contract\.", ".out_project."),
    (r"\.(in|out)_([xy])\.", r".\1_project_\2."),
    (r"\.project_x\.", ".Conv_0."),
    (r"\.project_y\.", ".Conv_1."),
    (r"\.norm_([xy])\.", r".LayerNorm_\1."),
    (r"\.up\.", ".ConvTranspose_0."),
    (r"(LayerNorm\w*|layernorm)\.weight", r"\1.gamma"),
    (r"(LayerNorm\w*|layernorm)\.bias", r"\1.beta"),
    (r"((in|out)_project(_[xy])?|channel_mixing\.Dense_\d)\.weight$", r"\1.weight", "o i 1 1 -> o i"),
)


def dropped(config: MAXIMConfig) -> dict[str, tuple[int, ...]]:
    """What the port registers and never uses: gates of the first encoder and of all decoders, and smaller remains."""
    shapes: dict[str, tuple[int, ...]] = {}
    for stage, (i, side) in product(range(config.stages), enumerate(config.window_sizes)):
        dim, decoder = config.dim * 2**i, f"stage_{stage}_decoder_block_{i}.UNetEncoderBlock_0"
        gates = [f"stage_{stage}_encoder_block_{i}.cross_gating_block", f"{decoder}.cross_gating_block"]
        for gate in gates[1:] if stage else gates:
            shapes |= {f"{gate}.{name}": shape for name, shape in gate_shapes(dim, side).items()}
        weights = {f"{decoder}.Conv_1": (dim, dim, 4, 4)}
        if stage:
            gates.append(f"stage_{stage}_input_fuse_sam_{i}")
            weights[f"stage_{stage}_input_catconv_{i}"] = (dim, min(2 * dim, 4 * config.dim), 1, 1)
        weights |= {f"{gate}.ConvTranspose_0": (0, dim, 2, 2) for gate in gates}  # nothing comes from below
        shapes |= {f"{name}.weight": shape for name, shape in weights.items()}
        shapes |= {f"{name}.bias": (dim,) for name in weights}
    return shapes


def gate_shapes(dim: int, side: int) -> dict[str, tuple[int, ...]]:
    """The tensors of one gate under their published names."""
    weights: dict[str, tuple[int, ...]] = {"Conv_0": (dim, dim, 1, 1), "Conv_1": (dim, dim, 1, 1)}
    shapes: dict[str, tuple[int, ...]] = {}
    for x in "xy":
        axes = f"SplitHeadMultiAxisGating_{x}"
        weights |= {f"in_project_{x}": (dim, dim), f"out_project_{x}": (dim, dim)}
        weights |= {f"{axes}.in_project": (2 * dim, dim), f"{axes}.out_project": (dim, 2 * dim)}
        weights |= {f"{axes}.Dense_{i}": (side**2, side**2) for i in range(2)}
        norms = f"LayerNorm_{x}", f"{axes}.LayerNorm_in"
        shapes |= {f"{name}.{part}": (dim,) for name in norms for part in ("gamma", "beta")}
    biases = {f"{name}.bias": shape[:1] for name, shape in weights.items()}
    return shapes | biases | {f"{name}.weight": shape for name, shape in weights.items()}


GOLDENS: Mapping[str, MAXIMConfig] = {"maxim_3s_port": PRESETS["3s"]}
HEAVY = ("maxim_3s_port",)
