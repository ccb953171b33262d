"""A picture file, a picture and a tensor: the three forms, and the only ways between them.

A network reads `b 3 h w`: float32, channels in the order red, green, blue, 0 is black and 1 is white.
A picture file holds `h w 3` in 8 bits, 0 to 255.
"""

import io
import warnings
from pathlib import Path

import numpy as np
import torch
from einops import rearrange, repeat
from jaxtyping import Float, Shaped
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from torch import Tensor

from paperlens.errors import UserError
from paperlens.ops.eight_bit import eight_bit

MAX_PIXELS = 64_000_000  # 64 megapixels: above a telephone's photograph, 770 MB as float32


def open_image(path: str | Path) -> Image.Image:
    """A person's own picture file as an 8-bit RGB picture, turned upright as its EXIF tag says.

    A colour profile in the file (Display P3, Adobe RGB) is followed: the result is in sRGB, which a file without a
    profile means.

    Raises UserError, one sentence, for a file that is missing, no picture or cut short, for more than
    `MAX_PIXELS` pixels (read from the header, before anything is decoded), for several frames or pages, and for
    16-bit grey, CMYK and half-transparent pictures. Of 16-bit colour Pillow keeps the upper eight bits.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"there is no file {str(path)!r}; give the path of a picture.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is below Pillow's
            image = Image.open(path)
        with image:
            _refuse_giant(path, image.width * image.height)
            _refuse_frames(path, image)
            plain = _rgb(image)  # first, for it refuses what has no one right answer
            return _srgb(ImageOps.exif_transpose(image)) if image.info.get("icc_profile") else plain
    except Image.DecompressionBombError:
        raise UserError(f"{str(path)!r} claims more pixels than any photograph; it was not opened.") from None
    except UnidentifiedImageError:
        raise UserError(f"{str(path)!r} is not a picture; expected PNG, JPEG, WebP or TIFF.") from None
    except ValueError as error:
        raise UserError(f"{str(path)!r}: {error}") from None
    except (OSError, SyntaxError) as error:  # Pillow's names for a file that breaks off or contradicts itself
        raise UserError(f"{str(path)!r} is damaged or cut short ({error}); copy it again.") from None


def to_tensor(image: Image.Image | Shaped[np.ndarray, "..."]) -> Float[Tensor, "3 h w"]:
    """A picture as a network reads it: float32, RGB, value / 255, so 0 to 1. Grey is repeated three times.

    The stored values as they are: a colour profile is followed by `open_image` alone, so that a shipped photograph (one
    is in Adobe RGB) is the same numbers in every recipe.

    `image`: a PIL picture, or a uint8 array `h w`, `h w 1` or `h w 3` in the order RGB (OpenCV's is BGR).
    ValueError says which number of bits, channels or which mode was found; nothing is rescaled by guesswork.
    """
    if isinstance(image, Image.Image):
        pixels = np.asarray(_rgb(image))
    else:
        pixels = np.asarray(image)
        if pixels.dtype != np.uint8:
            raise ValueError(f"expected 8-bit values (uint8, 0 to 255), found {pixels.dtype}.")
        if pixels.ndim == 2:
            pixels = repeat(pixels, "h w -> h w c", c=3)
        elif pixels.ndim == 3 and pixels.shape[-1] == 1:
            pixels = repeat(pixels, "h w 1 -> h w c", c=3)
        if pixels.ndim != 3 or pixels.shape[-1] != 3:
            raise ValueError(f"expected an array h w, h w 1 or h w 3, found shape {tuple(pixels.shape)}.")
    if pixels.size == 0:
        raise ValueError(f"expected at least one pixel, found shape {tuple(pixels.shape)}.")
    return torch.from_numpy(rearrange(pixels, "h w c -> c h w").astype(np.float32)) / 255


def to_image(tensor: Float[Tensor, "c h w"]) -> Image.Image:
    """The picture of a tensor `3 h w` (RGB) or `1 h w` (grey), 0 to 1, for looking at and saving.

    Values are rounded to the nearest of 256 levels; a file has no room outside 0 to 1: clipped.
    ValueError for another number of axes or channels, and for values that are not finite.
    """
    if tensor.ndim != 3 or tensor.shape[0] not in (1, 3):
        raise ValueError(f"expected one picture, 3 h w or 1 h w, found shape {tuple(tensor.shape)}.")
    if not torch.isfinite(tensor).all():
        broken = int((~torch.isfinite(tensor)).sum())
        raise ValueError(f"expected finite values, found {broken} that are not.")
    levels = eight_bit(tensor.detach().cpu().double())
    pixels = rearrange(levels, "c h w -> h w c").numpy()
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def _refuse_giant(path: Path, pixels: int) -> None:
    if pixels > MAX_PIXELS:
        raise UserError(f"{str(path)!r} has {pixels:,} pixels, more than {MAX_PIXELS:,}; shrink it first.")


def _refuse_frames(path: Path, image: Image.Image) -> None:
    """A telephone's MPO keeps previews behind its photograph; in every other format the frames are the content."""
    if image.format == "MPO" or not getattr(image, "is_animated", False):
        return
    count = getattr(image, "n_frames", 2)
    raise UserError(
        f"{str(path)!r} holds {count} frames or pages, a picture is one; save the one that is meant."
    )


def _srgb(image: Image.Image) -> Image.Image:
    """8-bit RGB in sRGB: a profile in the file is followed, then dropped; ValueError where it cannot be read."""
    profile = image.info["icc_profile"]
    converted: Image.Image | None
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(own):
            converted = image.convert("RGB")
        else:
            space = own.profile.xcolor_space.strip()
            source = image.convert("L" if space == "GRAY" else space)
            converted = ImageCms.profileToProfile(
                source, own, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError) as error:
        raise ValueError(f"its colour profile cannot be followed ({error}); save it as sRGB.") from None
    assert converted is not None
    converted.info.pop("icc_profile", None)
    return converted


def _rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB where there is exactly one right answer; ValueError where converting would be a guess."""
    if image.mode == "CMYK":
        raise ValueError("expected RGB, found CMYK (a picture for print); save it as RGB first.")
    if image.mode.startswith(("I", "F")):
        raise ValueError(f"expected 8 bits a channel, found mode {image.mode}; scale it to 0..255.")
    if image.mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX"):
        raise ValueError(f"expected an RGB or grey picture, found mode {image.mode}; save it as RGB first.")
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        if rgba.getchannel("A").getextrema() != (255, 255):
            raise ValueError("expected an opaque picture, found transparent pixels; flatten it first.")
        image = rgba
    return image.convert("RGB")
