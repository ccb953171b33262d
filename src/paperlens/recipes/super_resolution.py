"""What the recipes of single-image super-resolution share: pairs of pictures and a protocol.

Low-resolution pictures are made by the antialiased bicubic kernel and rounded to 8 bits, as a file would hold
them.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.data import photographs
from paperlens.data.images import to_tensor
from paperlens.errors import UserError
from paperlens.layers.bicubic_skip import enlarge
from paperlens.recipes.results import Scores
from paperlens.train.crops import Crops

PROTOCOL = (
    "x{scale} by the antialiased bicubic kernel of Pillow, low resolution rounded to 8 bits; "
    "output rounded to 8 bits; luma Y of BT.601 in 16..235; border of {scale} pixels cropped; "
    "PSNR and SSIM (Gaussian window 11, sigma 1.5) with data range 255"
)
measured_psnr: Any = peak_signal_noise_ratio  # scikit-image carries no types
measured_ssim: Any = structural_similarity
LUMA = (65.481, 128.553, 24.966)  # BT.601: Y = 16 + LUMA . RGB for RGB in 0..1


def low_resolution(picture: Float[Tensor, "3 h w"], scale: int) -> tuple[Tensor, Tensor]:
    """The uint8 pair (low, high) of a picture, whose sides are cut to multiples of `scale`."""
    height, width = (side // scale * scale for side in picture.shape[-2:])
    high = picture[None, :, :height, :width].double()
    low = F.interpolate(high, scale_factor=1 / scale, mode="bicubic", antialias=True, align_corners=False)
    return eight_bit(low[0]), eight_bit(high[0])


def eight_bit(picture: Tensor) -> Tensor:
    """Values in 0..1 rounded to 0..255, as saving a file does."""
    return (picture.clamp(0, 1) * 255).round().to(torch.uint8)


@functools.cache
def pairs(split: str, scale: int) -> tuple[tuple[str, Tensor, Tensor], ...]:
    """(name, low, high) of every natural colour photograph of a split, uint8."""
    rows = photographs(split)
    return tuple((row["name"], *low_resolution(to_tensor(row["image"]), scale)) for row in rows)


def names(split: str) -> list[str]:
    """The photographs of a split."""
    return list(photographs(split)["name"])


def crops(split: str, scale: int, sizes: Callable[[int], tuple[int, int]]) -> Crops:
    """Training batches from the photographs of a split."""
    _, low, high = zip(*pairs(split, scale), strict=True)
    return Crops(low_res=low, high_res=high, scale=scale, sizes=sizes)


def div2k(folder: Path | None, scale: int, sizes: Callable[[int], tuple[int, int]]) -> Crops:
    """Training batches from DIV2K as its authors pack it; all of it is held in memory: about 9 GB for x2."""
    if folder is None:
        raise UserError("profile paper trains on DIV2K: give its folder with --data (DIV2K_train_HR inside).")
    files = sorted((folder / "DIV2K_train_HR").glob("*.png"))
    if not files:
        raise UserError(f"expected pictures in {folder / 'DIV2K_train_HR'}, found none; unpack DIV2K there.")
    high, low = list[Tensor](), list[Tensor]()
    for file in files:
        small = folder / "DIV2K_train_LR_bicubic" / f"X{scale}" / f"{file.stem}x{scale}.png"
        if not small.is_file():
            raise UserError(f"expected {small} beside {file.name}; unpack DIV2K_train_LR_bicubic_X{scale}.")
        low.append(eight_bit(to_tensor(Image.open(small))))
        height, width = (side * scale for side in low[-1].shape[-2:])
        high.append(eight_bit(to_tensor(Image.open(file)))[:, :height, :width])
    return Crops(low_res=low, high_res=high, scale=scale, sizes=sizes)


def luma(picture: UInt8[Tensor, "3 h w"]) -> Float[Tensor, "h w"]:
    """Y of BT.601, 16 to 235, not rounded, from 8-bit RGB; float64."""
    weights = torch.tensor(LUMA, dtype=torch.float64)[:, None, None]
    return 16 + (picture.double() / 255 * weights).sum(0)


def scores(network: nn.Module | None, scale: int) -> Scores:
    """PSNR (dB) and SSIM of every held-out photograph by PROTOCOL; None scores bicubic enlargement."""
    result = Scores()
    for name, low, high in pairs("test", scale):
        restored = eight_bit(restore(network, low[None].float() / 255, scale)[0])
        one, two = (luma(side)[scale:-scale, scale:-scale].numpy() for side in (restored, high))
        gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        result[name] = {
            "psnr": round(float(measured_psnr(two, one, data_range=255)), 4),
            "ssim": round(float(measured_ssim(two, one, data_range=255, **gaussian)), 5),
        }
    return result


@torch.no_grad()
def restore(
    network: nn.Module | None, low_res: Float[Tensor, "b 3 h w"], scale: int
) -> Float[Tensor, "b 3 sh sw"]:
    """A network's output in evaluation mode; bicubic enlargement without one."""
    if network is None:
        return enlarge(low_res, scale)
    device = next(network.parameters()).device
    restored: Tensor = network.eval()(low_res.to(device)).cpu()
    return restored
