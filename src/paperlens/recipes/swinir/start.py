"""How a small Swin network starts: initial values that let its blocks work from the first step.

They change initial values alone: the network, its parameters and its published checkpoints stay what they
are. Why they are needed: `initialisation.py`.
"""

import torch
from torch import nn

from paperlens.layers.window_attention import WindowAttention

NEIGHBOURS = ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1), (-1, 1), (1, -1))


def wide(network: nn.Module) -> None:
    """Draw every linear layer by its width, uniform within 1/sqrt(inputs), as torch does by default."""
    for module in network.modules():
        if isinstance(module, nn.Linear):
            module.reset_parameters()
            nn.init.zeros_(module.bias)


def local(network: nn.Module, sharpness: float = 1.0) -> None:
    """Point each attention head at another neighbour: bias -sharpness |offset - neighbour|^2.

    After d'Ascoli et al., "ConViT", ICML 2021, Eq. 6: attention that begins as a convolution.
    """
    attentions = [module for module in network.modules() if isinstance(module, WindowAttention)]
    head = 0
    for attention in attentions:
        side = int(len(attention.bias_table) ** 0.5)  # 2 window_size - 1
        axis = torch.arange(side) - side // 2
        offsets = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
        for column in range(attention.num_heads):
            neighbour = torch.tensor(NEIGHBOURS[head % len(NEIGHBOURS)])
            attention.bias_table.data[:, column] = -sharpness * (offsets - neighbour).square().sum(-1)
            head += 1


def awake(network: nn.Module) -> nn.Module:
    """`wide`, then `local`: what the small recipes use."""
    wide(network)
    local(network)
    return network
