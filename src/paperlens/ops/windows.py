"""Windows of a feature map, as Swin cuts them: pure functions, no parameters.

Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", ICCV 2021,
arXiv:2103.14030, Sec. 3.2. A map is `b h w c`, channels last; its windows are listed row by row.
"""

import torch
from einops import rearrange
from jaxtyping import Bool, Int, Shaped
from torch import Tensor


def to_windows(features: Shaped[Tensor, "b h w c"], window_size: int) -> Shaped[Tensor, "bw n c"]:
    """The map cut into windows of window_size squared tokens; all windows of one picture follow each other.

    Raises ValueError where the window does not divide a side.
    """
    _check_divides(window_size, height=features.shape[1], width=features.shape[2])
    return rearrange(features, "b (i p) (j q) c -> (b i j) (p q) c", p=window_size, q=window_size)


def from_windows(windows: Shaped[Tensor, "bw n c"], height: int, width: int) -> Shaped[Tensor, "b h w c"]:
    """The inverse of `to_windows` for a map of the given height and width."""
    side = round(windows.shape[1] ** 0.5)
    _check_divides(side, height=height, width=width)
    return rearrange(
        windows,
        "(b i j) (p q) c -> b (i p) (j q) c",
        i=height // side,
        j=width // side,
        p=side,
        q=side,
    )


def shift(features: Shaped[Tensor, "b h w c"], offset: int) -> Shaped[Tensor, "b h w c"]:
    """The map rolled up and left by `offset`, round the border; a negative offset undoes it."""
    return torch.roll(features, shifts=(-offset, -offset), dims=(1, 2)) if offset else features


def relative_position_index(window_size: int) -> Int[Tensor, "n n"]:
    """For each pair of tokens of a window the row of the bias table that holds their relative position.

    The table has (2 window_size - 1)^2 rows; row 0 is the offset (-(window_size - 1), -(window_size - 1)).
    """
    axis = torch.arange(window_size)
    place = torch.stack(torch.meshgrid(axis, axis, indexing="ij")).flatten(1)  # 2 n
    offset = place[:, :, None] - place[:, None, :] + window_size - 1  # every entry in 0 .. 2 window_size - 2
    return offset[0] * (2 * window_size - 1) + offset[1]


def may_attend(height: int, width: int, window_size: int, offset: int) -> Bool[Tensor, "windows n n"]:
    """Which tokens of each window of a map shifted by `offset` lay together before the shift (Fig. 4).

    Tokens that only meet because the roll brought them round the border must not attend to each other: False.
    """
    region = [
        # After the roll the last window of an axis holds `offset` tokens from the far side.
        torch.arange(side).ge(side - window_size).int() + torch.arange(side).ge(side - offset).int()
        for side in (height, width)
    ]
    label = region[0][:, None] * 3 + region[1][None, :]
    windows = rearrange(to_windows(label[None, :, :, None], window_size), "w n 1 -> w n")
    return windows[:, :, None] == windows[:, None, :]


def _check_divides(window_size: int, *, height: int, width: int) -> None:
    for name, side in (("height", height), ("width", width)):
        if side % window_size:
            raise ValueError(f"window_size {window_size} does not divide {name} {side}; pad with ops.pad_to")
