"""A network on a picture of any size: cut into tiles that overlap, blended where they do.

Memory: the picture and its result as float32, and one tile's pass through the network. What a tile cannot see,
beyond its edge, does not reach it: its outermost pixels are the worst, and have the least weight in the blend.
A trained SwinIR stays within one level of 255 of the whole picture at an overlap of two windows.
Networks that average over everything they are given (channel attention in NAFNet, HAT, MPRNet, Restormer) average
over a tile instead. A picture that fits into one tile comes out exactly as without tiles.
"""

from collections.abc import Iterator

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from paperlens.checkpoints.systems import PictureSystem
from paperlens.data.images import MAX_PIXELS
from paperlens.errors import UserError
from paperlens.ops.pad import pad_to
from paperlens.train.progress import progress as tiles

OVERLAP = 32


def restore(
    system: PictureSystem,
    image: Float[Tensor, "c h w"],
    tile: int | None = None,
    overlap: int = OVERLAP,
    progress: bool = False,
) -> Float[Tensor, "c sh sw"]:
    """The picture that the network makes of `image`, both 0 to 1.

    `tile` (None: the system's own), `overlap`: pixels of the input; rounded up to multiples of what the network's
    sides need. ValueError for an overlap of more than half a tile or a tile below 1;
    UserError for a result of more than `MAX_PIXELS`.
    """
    tile = system.tile if tile is None else tile
    if tile < 1 or overlap < 0 or 2 * overlap > tile:
        raise ValueError(f"overlap {overlap} must be 0 to half of tile {tile}")
    _, height, width = image.shape
    pixels = height * width * system.scale**2
    if pixels > MAX_PIXELS:
        raise UserError(
            f"the result would have {pixels:,} pixels, more than {MAX_PIXELS:,}; shrink the picture."
        )
    border = "replicate" if system.border == "reflect" and min(height, width) == 1 else system.border
    padded, crop = pad_to(rearrange(image, "c h w -> 1 c h w"), system.multiple, mode=border)
    tile, overlap = (-(-side // system.multiple) * system.multiple for side in (tile, overlap))
    overlap = min(overlap, tile // 2 // system.multiple * system.multiple)
    rows, columns = (list(spans(length, tile, overlap, system.multiple)) for length in padded.shape[2:])
    row_weights, column_weights = (blend(s, overlap, system.scale) for s in (rows, columns))
    channels, scale = image.shape[0], system.scale
    result = padded.new_zeros(1, channels, padded.shape[2] * scale, padded.shape[3] * scale)
    with (
        torch.inference_mode(),
        tiles(len(rows) * len(columns), unit="tile", disable=not progress) as bar,
    ):
        for row, row_weight in zip(rows, row_weights, strict=True):
            for column, column_weight in zip(columns, column_weights, strict=True):
                restored = system(padded[:, :, row, column])
                weight = rearrange(row_weight, "h -> h 1") * column_weight
                result[:, :, enlarged(row, scale), enlarged(column, scale)] += restored * weight
                bar.update()
    return rearrange(crop(result), "1 c h w -> c h w")


def spans(length: int, tile: int, overlap: int, multiple: int) -> Iterator[slice]:
    """Tiles of equal size that cover `length` and start at multiples, so that windows fall as in the whole picture.

    Neighbours share `overlap` or more: the last tile ends where the picture does.
    """
    tile = min(tile, length)
    step = max(tile - overlap, multiple)
    start = 0
    while start + tile < length:
        yield slice(start, start + tile)
        start += step
    yield slice(length - tile, length)


def blend(tiles: list[slice], overlap: int, scale: int) -> list[Float[Tensor, " n"]]:
    """Weights of every tile's output along one axis: ramps of `overlap`, divided so that they add up to 1."""
    side = (tiles[0].stop - tiles[0].start) * scale
    position = torch.arange(side)
    ramp = torch.minimum(position + 1, side - position).clamp(max=max(overlap * scale, 1)).float()
    total = torch.zeros(tiles[-1].stop * scale)
    for tile in tiles:
        total[enlarged(tile, scale)] += ramp
    return [ramp / total[enlarged(tile, scale)] for tile in tiles]


def enlarged(span: slice, scale: int) -> slice:
    """The pixels of the output that belong to these of the input."""
    return slice(span.start * scale, span.stop * scale)
