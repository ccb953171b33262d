"""Pairs for reference-based super-resolution: a low-resolution view and a reference of graded similarity.

The scene is the stereo pair `motorcycle`, two photographs from 19 cm apart: the same things, displaced by
their distance, and some hidden in one view. The levels follow the idea of CUFED5 (Zhang et al., SRNTT, CVPR
2019), which has five, from nearly the same photograph to an unrelated one.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from paperlens.data.files import path
from paperlens.data.images import open_image, to_tensor
from paperlens.data.photograph_set import card
from paperlens.physics.blur import blur, gaussian_kernel
from paperlens.physics.degrade import downsample
from paperlens.physics.geometry import bend, move

LEVELS = ("same", "warp", "view", "blur", "other")  # most to least alike
MAX_DISPARITY = 90  # pixels; the nearest parts of the scene move by about 70 between the views


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePair:
    """All `1 3 h w`, 0..1; low_res is 1/scale of the side of the others."""

    low_res: Float[Tensor, "1 3 k l"]
    high_res: Float[Tensor, "1 3 h w"]
    reference: Float[Tensor, "1 3 h w"]


def reference_pair(
    level: str,
    generator: torch.Generator,
    size: int = 160,
    scale: int = 4,
    place: tuple[int, int] | None = None,
) -> ReferencePair:
    """A crop of the left view and a reference for it.

    level: "same" the crop itself; "warp" the crop bent by about 2 pixels and turned; "view" the best matching
    crop of the right view; "blur" that one blurred by SD 2; "other" a crop of `china`, which shares nothing
    with it. place: (top, left) in the left view, None draws it. ValueError for an unknown level or a crop
    that does not fit.
    """
    if level not in LEVELS:
        raise ValueError(f"level {level!r} is not one of {LEVELS}")
    left, right, other = (_picture(name) for name in ("motorcycle_left", "motorcycle_right", "china"))
    h, w = left.shape[-2:]
    top, first = place or (
        _draw(h - size, generator),
        MAX_DISPARITY + _draw(w - size - MAX_DISPARITY, generator),
    )
    high_res = left[..., top : top + size, first : first + size]
    if high_res.shape[-2:] != (size, size):
        raise ValueError(f"a crop of {size} at {(top, first)} does not fit into {h} x {w}")
    if level == "same":
        reference = high_res
    elif level == "warp":
        turned = move(high_res, degrees=4.0 * (2 * float(torch.rand((), generator=generator)) - 1), zoom=1.05)
        reference = bend(turned, generator, amplitude=2.0)
    elif level == "other":
        y, x = _draw(other.shape[-2] - size, generator), _draw(other.shape[-1] - size, generator)
        reference = other[..., y : y + size, x : x + size]
    else:
        x = first - disparity(high_res, right, top, first)
        reference = right[..., top : top + size, x : x + size]
        if level == "blur":
            reference = blur(reference, gaussian_kernel(13, 2.0)).clamp(0, 1)
    return ReferencePair(low_res=downsample(high_res, scale), high_res=high_res, reference=reference)


def disparity(crop: Float[Tensor, "1 3 k k"], right: Float[Tensor, "1 3 h w"], top: int, left: int) -> int:
    """How many pixels to the left the content lies in the right view: the shift of least squared difference."""
    size = crop.shape[-1]
    reach = min(MAX_DISPARITY, left)
    strip = right[..., top : top + size, left - reach : left + size]
    errors = (strip.unfold(-1, size, 1).permute(0, 1, 3, 2, 4) - crop[:, :, None]).square().mean((0, 1, 3, 4))
    return reach - int(errors.argmin())


def _picture(name: str) -> Float[Tensor, "1 3 h w"]:
    file = next(record["file"] for record in card() if record["name"] == name)
    return to_tensor(open_image(path(f"photographs/{file}")))[None]


def _draw(limit: int, generator: torch.Generator) -> int:
    return int(torch.randint(max(1, limit), (), generator=generator))
