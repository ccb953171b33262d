"""Errors pixel by pixel: PSNR and NMSE."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from paperlens.metrics.shapes import same_shape


def psnr(
    prediction: Float[Tensor, "b c h w"], target: Float[Tensor, "b c h w"], data_range: float | int
) -> Float[Tensor, ""]:
    """Peak signal-to-noise ratio in dB, the mean over images of each image's own.

    Args:
        prediction: any range; nothing is clamped, rounded or cropped.
        target: the truth.
        data_range: the distance between the smallest and the largest possible pixel, in the pixels' unit.

    Returns:
        10 log10(data_range^2 / MSE), the MSE over all pixels of an image; infinite for equal images.

    Raises:
        ValueError: the shapes differ, or the range is not positive.
    """
    return psnr_each(prediction, target, data_range).mean()


def psnr_each(
    prediction: Float[Tensor, "b c h w"],
    target: Float[Tensor, "b c h w"],
    data_range: float | int | Float[Tensor, " b"],
) -> Float[Tensor, " b"]:
    """As `psnr`, one value for each image; the range may differ from image to image."""
    same_shape(prediction, target)
    mse = (prediction - target).square().mean(dim=(1, 2, 3))
    peak = target.new_tensor(data_range) if isinstance(data_range, int | float) else data_range
    if not bool((peak > 0).all()):
        raise ValueError(f"data_range must be positive, got {data_range}")
    return 10 * (peak**2 / mse).log10()


def nmse(prediction: Float[Tensor, "b ..."], target: Float[Tensor, "b ..."]) -> Float[Tensor, ""]:
    """Normalised mean squared error, |prediction - target|^2 / |target|^2 of each item, then their mean.

    No unit; 0 is perfect, 1 is as bad as predicting nothing. As fastMRI (Zbontar et al., arXiv:1811.08839,
    Sec. 6.1.1), where an item is a volume.
    """
    same_shape(prediction, target)
    error = (prediction - target).flatten(1).square().sum(1)
    return (error / target.flatten(1).square().sum(1)).mean()
