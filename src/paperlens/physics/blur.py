"""Blur: kernels, and their application with a mirrored border.

A kernel is an odd square of non-negative weights with sum 1, float32. Blurring is correlation with it; all
but the motion kernels are symmetric, so that the difference from convolution does not show.
"""

import math

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

Number = float | int


def gaussian_kernel(
    size: int, sigma: Number, sigma_minor: Number | None = None, angle: Number = 0.0
) -> Float[Tensor, "{size} {size}"]:
    """Gaussian of SD `sigma` pixels along `angle` (radians from the x axis towards y) and `sigma_minor`
    across it.

    sigma_minor None makes it isotropic. ValueError for an even size or an SD that is not positive.
    """
    _check(size)
    minor = sigma if sigma_minor is None else sigma_minor
    if min(sigma, minor) <= 0:
        raise ValueError(f"sigma {sigma} and sigma_minor {minor} must be positive")
    y, x = _grid(size)
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    kernel = torch.exp(-0.5 * ((along / sigma) ** 2 + (across / minor) ** 2))
    return kernel / kernel.sum()


def random_gaussian_kernel(
    generator: torch.Generator, size: int = 15, low: Number = 0.6, high: Number = 3.0
) -> Float[Tensor, "{size} {size}"]:
    """Anisotropic, both SDs uniform in low..high, the angle in 0..pi: the kernels of blind restoration."""
    draw = torch.rand(3, generator=generator)
    first, second = (low + (high - low) * draw[:2]).tolist()
    return gaussian_kernel(size, first, second, math.pi * float(draw[2]))


def motion_kernel(
    generator: torch.Generator, size: int = 21, steps: int = 64, shake: Number = 0.3
) -> Float[Tensor, "{size} {size}"]:
    """The path of a shaken camera: a random walk with inertia over half the kernel, in bilinear dots.

    shake: how much each step turns the velocity; 0 is a straight line. The path's mean lies at the centre, so
    blur moves nothing. After Boracchi and Foi, IEEE TIP 21:3502 (2012), simplified.
    """
    _check(size)
    angle = 2 * math.pi * float(torch.rand((), generator=generator))
    turns = shake * torch.randn(steps, generator=generator)
    direction = angle + torch.cumsum(turns, 0)
    path = torch.stack([torch.sin(direction), torch.cos(direction)]).cumsum(1)
    path = path - path.mean(1, keepdim=True)
    path = path * (size / 4) / path.abs().max()
    kernel = torch.zeros(size, size)
    position = path + size // 2
    corner = position.floor()
    share = position - corner
    for dy in (0, 1):
        for dx in (0, 1):
            weight = (share[0] if dy else 1 - share[0]) * (share[1] if dx else 1 - share[1])
            kernel.index_put_(((corner[0] + dy).long(), (corner[1] + dx).long()), weight, accumulate=True)
    return kernel / kernel.sum()


def blur(image: Float[Tensor, "b c h w"], kernel: Float[Tensor, "k k"]) -> Float[Tensor, "b c h w"]:
    """Each channel correlated with the kernel; the border mirrors the picture, its edge pixel not repeated.

    ValueError where the picture is not larger than half the kernel.
    """
    size = len(kernel)
    _check(size)
    if min(image.shape[-2:]) <= size // 2:
        raise ValueError(
            f"a picture of {tuple(image.shape[-2:])} cannot be mirrored by {size // 2} for a kernel of {size}"
        )
    padded = F.pad(image, (size // 2,) * 4, mode="reflect")
    flat = rearrange(padded, "b c h w -> (b c) 1 h w")
    return rearrange(F.conv2d(flat, kernel.to(image)[None, None]), "(b c) 1 h w -> b c h w", b=len(image))


def _grid(size: int) -> tuple[Float[Tensor, "n 1"], Float[Tensor, "1 n"]]:
    axis = torch.arange(size, dtype=torch.float32) - size // 2
    return axis[:, None], axis[None, :]


def _check(size: int) -> None:
    if size < 1 or size % 2 == 0:
        raise ValueError(f"a kernel has an odd size of at least 1, found {size}")
