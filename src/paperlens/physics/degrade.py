"""From a sharp picture to a network's input: downsampling, and the classical chain of degradations.

y = JPEG(((x * k) downsampled by s) + n): Zhang et al., "Designing a Practical Degradation Model", ICCV 2021,
Eq. 1 and 2, in its fixed order.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from paperlens.ops.resample import Border, bicubic
from paperlens.physics.blur import blur, random_gaussian_kernel
from paperlens.physics.camera import gaussian_noise, jpeg

Number = float | int


def downsample(
    image: Float[Tensor, "b c h w"], scale: int, border: Border = "renormalise"
) -> Float[Tensor, "b c k l"]:
    """Bicubic with antialiasing by 1/scale, clipped to 0..1: "renormalise" is Pillow's, "symmetric" MATLAB's.

    ValueError where scale does not divide both sides: cropping is a decision of the caller.
    """
    h, w = image.shape[-2:]
    if scale < 1 or h % scale or w % scale:
        raise ValueError(f"scale {scale} does not divide {h} x {w}; crop with crop_to_multiple")
    return bicubic(image, size=(h // scale, w // scale), border=border).clamp(0, 1)


def crop_to_multiple(image: Float[Tensor, "b c h w"], multiple: int) -> Float[Tensor, "b c k l"]:
    """The upper left part whose sides are multiples, as the benchmarks crop their targets."""
    h, w = image.shape[-2:]
    return image[..., : h - h % multiple, : w - w % multiple]


def classical(
    image: Float[Tensor, "b c h w"],
    scale: int,
    generator: torch.Generator,
    noise: Number = 25 / 255,
    worst_quality: int = 30,
) -> Float[Tensor, "b c k l"]:
    """One random draw of the chain for the batch: anisotropic blur, downsampling, noise up to `noise`, JPEG
    from `worst_quality` to 95.
    """
    blurred = blur(image, random_gaussian_kernel(generator))
    small = downsample(blurred, scale)
    small = gaussian_noise(small, noise * float(torch.rand((), generator=generator)), generator)
    return jpeg(small, int(torch.randint(worst_quality, 96, (), generator=generator)))
