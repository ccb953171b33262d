"""How far two label maps agree."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

from paperlens.metrics.shapes import same_shape


def dice(
    prediction: Int[Tensor, "b ..."], target: Int[Tensor, "b ..."], num_classes: int
) -> Float[Tensor, "b k"]:
    """Dice coefficient 2 |A and B| / (|A| + |B|) of each item and class, in double precision.

    Args:
        prediction: labels 0 .. num_classes - 1 (after an argmax, not probabilities).
        target: the true labels.
        num_classes: the background, label 0, is one of them; leave column 0 out where it should not count.

    Returns:
        0 to 1; 1 where a class occurs in neither map.

    Raises:
        ValueError: the shapes differ, or a label lies outside 0 .. num_classes - 1.
    """
    same_shape(prediction, target)
    for labels in (prediction, target):
        if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < num_classes:
            raise ValueError(
                f"labels {int(labels.min())} to {int(labels.max())} exceed {num_classes} classes"
            )
    one, other = (
        rearrange(F.one_hot(labels.flatten(1).long(), num_classes), "b n k -> b k n").bool()
        for labels in (prediction, target)
    )
    both = (one & other).sum(-1).double()
    total = (one.sum(-1) + other.sum(-1)).double()
    return torch.where(total == 0, 1.0, 2 * both / total)
