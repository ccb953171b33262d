"""Data consistency: a network may invent only what was not measured.

Schlemper et al., "A Deep Cascade of CNNs for Dynamic MR Image Reconstruction", IEEE TMI 37:491 (2018), Eq. 8.
"""

import torch
from jaxtyping import Bool, Complex
from torch import Tensor


def data_consistency(
    prediction: Complex[Tensor, "*b h w"],
    measured: Complex[Tensor, "*b h w"],
    mask: Bool[Tensor, "..."],
    weight: float | int | None = None,
) -> Complex[Tensor, "*b h w"]:
    """K-space that is `measured` where the mask (broadcastable) is True and `prediction` elsewhere.

    weight: lambda of Eq. 8, (prediction + lambda measured) / (1 + lambda), for noisy data; None trusts the
    data fully.
    """
    if weight is not None:
        measured = (prediction + weight * measured) / (1 + weight)
    return torch.where(mask, measured, prediction)
