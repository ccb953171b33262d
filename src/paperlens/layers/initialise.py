"""How the vision transformers start: every linear map from a narrow normal distribution, its bias at zero."""

from torch import nn


def truncated_normal(module: nn.Module) -> None:
    """For `nn.Module.apply`: standard deviation 0.02, as ViT, Swin and their descendants are published."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
