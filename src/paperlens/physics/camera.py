"""What a camera does to light: noise, darkness, compression. Images `b c h w` are 0..1, results clipped."""

import io

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from paperlens.ops.eight_bit import eight_bit

Images = Float[Tensor, "b c h w"]
Number = float | int
GAMMA = 2.2  # display value = light ** (1/2.2): the usual approximation of sRGB


def gaussian_noise(image: Images, sigma: Number, generator: torch.Generator) -> Images:
    """Additive, of SD `sigma` (of 0..1; papers write 15, 25, 50 of 255), independent in pixel and channel."""
    return (image + sigma * _normal(image, generator)).clamp(0, 1)


def poisson_noise(image: Images, photons: Number, generator: torch.Generator) -> Images:
    """Shot noise: a pixel counts Poisson(photons * value) photons; bright ones vary more.

    photons: expected count at white. ValueError where it is not positive.
    """
    if photons <= 0:
        raise ValueError(f"photons is {photons}; a white pixel must count some light")
    return (torch.poisson(image.clamp(0, 1) * photons, generator=generator) / photons).clamp(0, 1)


def low_light(
    image: Images,
    generator: torch.Generator,
    exposure: Number = 0.08,
    photons: Number = 2000,
    read_noise: Number = 0.002,
) -> Images:
    """With `exposure` times the light: undo display gamma, darken, count photons, add read noise, redo gamma.

    photons: at white under full exposure; read_noise: SD of the sensor as a fraction of white. Wei et al., "A
    Physics-Based Noise Formation Model", CVPR 2020, without its banding and colour bias. ValueError unless 0
    < exposure <= 1.
    """
    if not 0 < exposure <= 1:
        raise ValueError(f"exposure is {exposure}; it must lie above 0 and at most at 1")
    light = image.clamp(0, 1) ** GAMMA * exposure
    counted = torch.poisson(light * photons, generator=generator) / photons
    return (counted + read_noise * _normal(image, generator)).clamp(0, 1) ** (1 / GAMMA)


def jpeg(image: Images, quality: int) -> Images:
    """Through Pillow's JPEG encoder and back: the real codec (8 bits, 4:2:0 chroma), not differentiable.

    quality: 1..95 in Pillow's scale. ValueError outside it, and for other than 1 or 3 channels.
    """
    if not 1 <= quality <= 95:
        raise ValueError(f"quality is {quality}; Pillow's scale runs from 1 to 95")
    if image.shape[1] not in (1, 3):
        raise ValueError(f"JPEG holds 1 or 3 channels, found {image.shape[1]}")
    return torch.stack([_through_jpeg(picture, quality) for picture in image])


def _through_jpeg(picture: Float[Tensor, "c h w"], quality: int) -> Float[Tensor, "c h w"]:
    pixels = rearrange(eight_bit(picture).cpu(), "c h w -> h w c").numpy()
    file = io.BytesIO()
    Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0]).save(file, "JPEG", quality=quality)
    decoded = np.array(Image.open(file)).reshape(pixels.shape)
    return rearrange(torch.from_numpy(decoded), "h w c -> c h w").to(picture) / 255


def _normal(image: Images, generator: torch.Generator) -> Images:
    return torch.randn(image.shape, generator=generator, dtype=image.dtype, device=image.device)
