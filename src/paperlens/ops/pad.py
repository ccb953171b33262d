"""Padding to the sides a network needs, and the way back."""

from collections.abc import Callable
from typing import Literal

from jaxtyping import Shaped
from torch import Tensor
from torch.nn import functional as F

Mode = Literal["reflect", "replicate", "circular", "constant"]


def pad_to(
    image: Shaped[Tensor, "b c h w"], multiple: int, mode: Mode = "reflect"
) -> tuple[Shaped[Tensor, "b c H W"], Callable[[Tensor, int], Tensor]]:
    """The image padded on the right and below until `multiple` divides its sides, and `crop(output, scale=1)`.

    `crop` cuts an output that is `scale` times as large as the padded input back to `scale` times the image. ValueError
    where `multiple` is not positive, or where a side is too small to be reflected that far.
    """
    height, width = image.shape[-2:]
    if multiple < 1:
        raise ValueError(f"multiple must be at least 1, found {multiple}")
    below, right = -height % multiple, -width % multiple
    for name, side, more in (("height", height, below), ("width", width, right)):
        if mode == "reflect" and more >= side:
            raise ValueError(
                f"{name} {side} cannot be reflected by {more} to a multiple of {multiple}; use mode='replicate'"
            )

    def crop(output: Tensor, scale: int = 1) -> Tensor:
        return output[..., : height * scale, : width * scale]

    return (F.pad(image, (0, right, 0, below), mode=mode) if below or right else image), crop
