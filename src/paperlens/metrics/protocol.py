"""How a published number was measured, as an object: two papers' PSNR agree only where their protocols do.

score = luma(border=4).psnr(prediction, target)
print(score)   # PSNR 31.42 dB (Y of 8-bit RGB, range 255, 4 border pixels cut; mean of 10 images)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from einops import einsum, reduce
from jaxtyping import Float
from torch import Tensor

from paperlens.metrics.pixels import psnr_each
from paperlens.metrics.shapes import same_shape
from paperlens.metrics.structure import Window, ssim_each
from paperlens.ops.eight_bit import eight_bit

# ITU-R BT.601 luma in studio range, 16 to 235 of 255, as MATLAB's rgb2ycbcr.
LUMA_WEIGHTS = (65.481, 128.553, 24.966)
LUMA_OFFSET = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A measured number that says how it was measured when printed."""

    metric: str
    unit: str
    each: tuple[float, ...]
    protocol: str

    @property
    def value(self) -> float:
        """The mean over the images."""
        return sum(self.each) / len(self.each)

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        number = f"{self.value:.2f} dB" if self.unit else f"{self.value:.4f}"
        mean = f"; mean of {len(self.each)} images" if len(self.each) > 1 else ""
        return f"{self.metric} {number} ({self.protocol}{mean})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What happens to the pixels before PSNR and SSIM are taken.

    Attributes:
        colour: "rgb" for all channels as they are, "luma" for Y (BT.601, 16 to 235) of RGB in 0..1.
        eight_bit: clamp to 0..1 and round to 0..255 first, as an image written to a file.
        border: rows and columns cut at each side.
        data_range: the range of the pixels, or "maximum" for each target's own largest value; after
            `eight_bit` in units of 0..255.
        window: of SSIM.
    """

    colour: Literal["rgb", "luma"] = "rgb"
    eight_bit: bool = False
    border: int = 0
    data_range: float | int | Literal["maximum"] = 1.0
    window: Window = "gaussian"

    def psnr(self, prediction: Float[Tensor, "b c h w"], target: Float[Tensor, "b c h w"]) -> Score:
        """PSNR in dB of each image."""
        one, other, peak = self._prepare(prediction, target)
        return self._score("PSNR", "dB", psnr_each(one, other, peak), self.describe())

    def ssim(self, prediction: Float[Tensor, "b c h w"], target: Float[Tensor, "b c h w"]) -> Score:
        """SSIM of each image."""
        one, other, peak = self._prepare(prediction, target)
        window = "Gaussian 11 x 11" if self.window == "gaussian" else "uniform 7 x 7"
        each = ssim_each(one, other, peak, self.window)
        return self._score("SSIM", "", each, f"{self.describe()}, {window} window")

    def describe(self) -> str:
        """The protocol in words, for the foot of a table."""
        colour = "Y of RGB" if self.colour == "luma" else "all channels"
        if self.eight_bit:
            colour = "Y of 8-bit RGB" if self.colour == "luma" else "all channels in 8 bits"
        given = "each target's maximum" if self.data_range == "maximum" else f"{self.data_range:g}"
        cut = f", {self.border} border pixels cut" if self.border else ""
        return f"{colour}, range {given}{cut}"

    def _prepare(
        self, prediction: Float[Tensor, "b c h w"], target: Float[Tensor, "b c h w"]
    ) -> tuple[Float[Tensor, "b d y x"], Float[Tensor, "b d y x"], Float[Tensor, " b"]]:
        """Both images as the protocol wants them, in double precision, and the range of each pair."""
        same_shape(prediction, target)
        if 2 * self.border >= min(target.shape[-2:]):
            raise ValueError(f"a border of {self.border} leaves nothing of {tuple(target.shape[-2:])}")
        one, other = (self._view(image.double()) for image in (prediction, target))
        if self.data_range == "maximum":
            return one, other, reduce(other, "b c h w -> b", "max")
        return one, other, other.new_full((len(other),), self.data_range)

    def _view(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d y x"]:
        if self.eight_bit:
            image = eight_bit(image).to(image.dtype)
        if self.colour == "luma":
            if image.shape[1] != 3:
                raise ValueError(f"luma needs 3 channels (RGB), got {image.shape[1]}")
            full = 255.0 if self.eight_bit else 1.0
            weights = torch.tensor(LUMA_WEIGHTS, dtype=image.dtype, device=image.device) / 255
            image = einsum(image, weights, "b c h w, c -> b h w").unsqueeze(1) + LUMA_OFFSET / 255 * full
        h, w = image.shape[-2:]
        return image[..., self.border : h - self.border, self.border : w - self.border]

    @staticmethod
    def _score(metric: str, unit: str, each: Float[Tensor, " b"], protocol: str) -> Score:
        return Score(metric=metric, unit=unit, each=tuple(each.tolist()), protocol=protocol)


PLAIN = Protocol()
"""All channels of float images in 0..1, nothing cut, Gaussian window."""

FASTMRI = Protocol(data_range="maximum", window="uniform")
"""fastMRI: a volume is an image, its slices are the channels; the volume's maximum; a 7 x 7 window."""


def luma(border: int) -> Protocol:
    """The convention of super-resolution papers: Y of the rounded image, `border` (usually the scale) cut.

    As BasicSR and SwinIR evaluate: RGB is rounded to 8 bits, Y is not rounded again.
    """
    return Protocol(colour="luma", eight_bit=True, border=border, data_range=255.0)
