"""Pad an image so that windows or strides divide its sides, and cut the result back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

Crop = Callable[[Tensor], Tensor]


def pad_to(
    image: Float[Tensor, "b c h w"],
    multiple: int,
    mode: Literal["reflect", "replicate", "constant"] = "reflect",
) -> tuple[Float[Tensor, "b c y x"], Crop]:
    """Extend bottom and right until `multiple` divides both sides.

    Args:
        image: any float dtype.
        multiple: the window size, or the product of all strides.
        mode: "reflect" mirrors without repeating the border, also over several image sizes; "constant" is zero.

    Returns:
        The padded image (the image itself where nothing is to do), and a function that cuts a result back. The
        result may have another scale and other channels: `crop(x)` of an x twice as large keeps 2h x 2w.

    Raises:
        ValueError: multiple is below 1, or a side of one pixel is to be reflected.
    """
    if multiple < 1:
        raise ValueError(f"multiple must be at least 1, got {multiple}")
    h, w = image.shape[-2:]
    full_h, full_w = (-(-side // multiple) * multiple for side in (h, w))
    if mode == "reflect" and ((full_h > h == 1) or (full_w > w == 1)):
        raise ValueError(f"an image of {h} x {w} has nothing to reflect; use mode='replicate'")

    def crop(result: Tensor) -> Tensor:
        scale_h, scale_w = result.shape[-2] / full_h, result.shape[-1] / full_w
        return result[..., : round(h * scale_h), : round(w * scale_w)]

    padded = image
    while padded.shape[-2:] != (full_h, full_w):
        # A reflection reaches no further than the image is large, so that a narrow one is mirrored repeatedly.
        y, x = padded.shape[-2:]
        reach = (y - 1, x - 1) if mode == "reflect" else (full_h, full_w)
        padded = F.pad(padded, (0, min(full_w - x, reach[1]), 0, min(full_h - y, reach[0])), mode=mode)
    return padded, crop
