"""A picture moved, turned, zoomed or bent, by bicubic interpolation with a mirrored border."""

import math

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

Number = float | int


def move(
    image: Float[Tensor, "b c h w"],
    *,
    rows: Number = 0.0,
    columns: Number = 0.0,
    degrees: Number = 0.0,
    zoom: Number = 1.0,
) -> Float[Tensor, "b c h w"]:
    """Content moved by (rows, columns) pixels, turned about the centre and enlarged; clipped to 0..1.

    degrees: counter-clockwise as seen on the screen. Unlike `sampling.shift` it is for pictures: not
    periodic, any angle, a slight loss of sharpness. ValueError where zoom is not positive.
    """
    if zoom <= 0:
        raise ValueError(f"zoom is {zoom}; it must be positive")
    h, w = image.shape[-2:]
    y, x = torch.meshgrid(_axis(h), _axis(w), indexing="ij")
    y, x = y - rows, x - columns
    cosine, sine = math.cos(math.radians(degrees)) / zoom, math.sin(math.radians(degrees)) / zoom
    return sample(image, torch.stack([x * sine + y * cosine, x * cosine - y * sine]))


def bend(
    image: Float[Tensor, "b c h w"], generator: torch.Generator, amplitude: Number, spacing: int = 32
) -> Float[Tensor, "b c h w"]:
    """A smooth random warp: displacements of SD about `amplitude` pixels that change over about `spacing`
    pixels.
    """
    h, w = image.shape[-2:]
    coarse = torch.randn(1, 2, h // spacing + 3, w // spacing + 3, generator=generator)
    smooth = F.interpolate(coarse, (h, w), mode="bicubic", align_corners=True)[0]
    grid = torch.stack(torch.meshgrid(_axis(h), _axis(w), indexing="ij"))
    return sample(image, grid + amplitude * smooth)


def sample(image: Float[Tensor, "b c h w"], position: Float[Tensor, "2 k l"]) -> Float[Tensor, "b c k l"]:
    """The picture at (row, column) positions in pixels from its centre, clipped to 0..1: bicubic overshoots."""
    h, w = image.shape[-2:]
    half = rearrange(torch.tensor([h / 2, w / 2]), "d -> d 1 1")
    grid = rearrange((position / half).flip(0), "d k l -> 1 k l d").to(image).expand(len(image), -1, -1, -1)
    return F.grid_sample(image, grid, mode="bicubic", padding_mode="reflection", align_corners=False).clamp(
        0, 1
    )


def _axis(n: int) -> Float[Tensor, " n"]:
    return torch.arange(n, dtype=torch.float32) - (n - 1) / 2
