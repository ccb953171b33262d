"""Parameters and multiply-accumulates, counted on the meta device: nothing is allocated, nothing computed."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from paperlens.models import build


def parameters(module: nn.Module, *, trainable: bool = False) -> int:
    """Values in the module's parameters, shared ones once; without the frozen ones where `trainable`."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad or not trainable)


def on_meta(name: str, preset: str, **overrides: Any) -> nn.Module:
    """`models.build` on the meta device: names and shapes without memory."""
    with torch.device("meta"):
        return build(name, preset, **overrides)


def macs(run: Callable[..., Any], *inputs: Any) -> int:
    """Multiply-accumulates of one forward pass: convolutions, linear layers and all matrix products.

    `run` is a module on the meta device (see `on_meta`): on other devices torch's counter leaves fused
    attention out. Inputs are moved to meta. Normalisations, activations and biases are not counted.
    Raises ValueError for a module elsewhere.
    """
    if isinstance(run, nn.Module) and any(t.device.type != "meta" for t in run.state_dict().values()):
        raise ValueError("count on the meta device: build the model with models.count.on_meta")
    moved = [value.to("meta") if isinstance(value, Tensor) else value for value in inputs]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        run(*moved)
    return counter.get_total_flops() // 2
