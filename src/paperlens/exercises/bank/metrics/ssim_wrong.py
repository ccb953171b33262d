"""SSIM put together from parts of which any may be a wrong one: what `metrics.ssim` knows by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from paperlens.exercises.engine.exercise import Call, Misconception

WINDOW, SIGMA, K1, K2 = 11, 1.5, 0.01, 0.03


def gaussian_window(size: int = WINDOW, sigma: float = SIGMA) -> Tensor:
    """Weights over size x size pixels that sum to 1."""
    row = [math.exp(-((i - (size - 1) / 2) ** 2) / (2 * sigma**2)) for i in range(size)]
    window = torch.outer(*[torch.tensor(row, dtype=torch.float64)] * 2)
    return window / window.sum()


def fast_ssim(
    window: Tensor | None = None,
    *,
    bessel: float = 1.0,
    padding: str = "valid",
    peak: Callable[[Tensor, Tensor, float], Any] = lambda x, y, given: given,
    constants: Callable[[Any], tuple[Any, Any]] = lambda L: ((K1 * L) ** 2, (K2 * L) ** 2),
    combine: Callable[..., Tensor] | None = None,
    view: Callable[[Tensor], Tensor] = lambda x: x,
) -> Call:
    """SSIM by convolution, put together from parts of which any may be a wrong one."""
    weights = gaussian_window() if window is None else window

    def ssim(prediction: Tensor, target: Tensor, data_range: float) -> Tensor:
        c1, c2 = constants(peak(prediction, target, data_range))
        x, y = (view(t) for t in (prediction, target))
        maps = torch.stack([x, y, x * x, y * y, x * y]).flatten(0, 1)
        if padding != "valid":
            maps = F.pad(maps, (len(weights) // 2,) * 4, mode=padding)
        windows = maps.unfold(2, weights.shape[0], 1).unfold(3, weights.shape[1], 1).flatten(4)
        means = (windows @ weights.to(x.dtype).flatten()).reshape(5, -1, *windows.shape[1:4])
        mean_x, mean_y = means[0], means[1]
        var_x = (means[2] - mean_x**2) * bessel
        var_y = (means[3] - mean_y**2) * bessel
        covariance = (means[4] - mean_x * mean_y) * bessel
        light = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
        structure = (2 * covariance + c2) / (var_x + var_y + c2)
        each: Tensor = light * structure
        if combine is not None:
            each = combine(light, structure, mean_x, mean_y, var_x, var_y, covariance, c1, c2)
        return each.mean()

    return ssim


def _global(bessel: bool) -> Call:
    """One window as large as the picture."""

    def ssim(prediction: Tensor, target: Tensor, data_range: float) -> Tensor:
        n = prediction[0, 0].numel()
        factor = n / (n - 1) if bessel else 1.0
        window = torch.full(prediction.shape[-2:], 1 / n, dtype=prediction.dtype)
        value: Tensor = fast_ssim(window, bessel=factor)(prediction, target, data_range)
        return value

    return ssim


def box(size: int) -> Tensor:
    """Equal weights that sum to 1."""
    return torch.full((size, size), 1 / size**2, dtype=torch.float64)


def _wrong() -> tuple[Misconception, ...]:
    square = "C1 and C2 "
    padded = "the pictures are padded, so that windows over the border count; only the valid positions do"
    uniform = "the window is uniform, 7 x 7; this contract wants the Gaussian of 11 x 11, sigma 1.5"
    own = "the data range is taken from the pixels instead of the argument data_range"
    parts: list[tuple[str, Call]] = [
        ("the data range is taken as 1 whatever was given", fast_ssim(peak=lambda x, y, r: 1.0)),
        ("the data range is taken as 255 whatever was given", fast_ssim(peak=lambda x, y, r: 255.0)),
        (own, fast_ssim(peak=lambda x, y, r: y.max())),
        (own, fast_ssim(peak=lambda x, y, r: x.max())),
        (own, fast_ssim(peak=lambda x, y, r: torch.maximum(x.max(), y.max()))),
        (own, fast_ssim(peak=lambda x, y, r: y.max() - y.min())),
        (own, fast_ssim(peak=lambda x, y, r: x.max() - x.min())),
        (square + "are swapped", fast_ssim(constants=lambda L: ((K2 * L) ** 2, (K1 * L) ** 2))),
        (square + "are not squared: C = (K L)^2", fast_ssim(constants=lambda L: (K1 * L, K2 * L))),
        (
            square + "square L alone: C = (K L)^2, not K L^2",
            fast_ssim(constants=lambda L: (K1 * L**2, K2 * L**2)),
        ),
        (
            square + "square K alone: C = (K L)^2, not K^2 L",
            fast_ssim(constants=lambda L: (K1**2 * L, K2**2 * L)),
        ),
        (square + "are swapped and not squared", fast_ssim(constants=lambda L: (K2 * L, K1 * L))),
        (square + "are left out", fast_ssim(constants=lambda L: (0.0, 0.0))),
        (padded + " (zeros)", fast_ssim(padding="constant")),
        (padded + " (reflected)", fast_ssim(padding="reflect")),
        (padded + " (repeated border)", fast_ssim(padding="replicate")),
        (uniform, fast_ssim(box(7))),
        (uniform, fast_ssim(box(7), bessel=49 / 48)),
        (uniform, fast_ssim(box(7), padding="constant")),
        ("the window is uniform, 8 x 8; this contract wants the Gaussian of 11 x 11", fast_ssim(box(8))),
        ("the window is uniform, 11 x 11; its weights must be Gaussian, sigma 1.5", fast_ssim(box(11))),
        (
            "the window is uniform, 11 x 11, with sample variances; this contract wants Gaussian, biased",
            fast_ssim(box(11), bessel=121 / 120),
        ),
        (
            "the window is uniform, 11 x 11, and the pictures are padded",
            fast_ssim(box(11), padding="constant"),
        ),
        ("one window covers the whole picture: SSIM is local, then averaged", _global(False)),
        ("one window covers the whole picture: SSIM is local, then averaged", _global(True)),
        ("sigma is 1; this contract wants 1.5", fast_ssim(gaussian_window(11, 1.0))),
        ("1.5 is taken as the variance; it is sigma", fast_ssim(gaussian_window(11, math.sqrt(1.5)))),
        (
            "the exponent lacks the 2: exp(-d^2 / (2 sigma^2))",
            fast_ssim(gaussian_window(11, 1.5 / math.sqrt(2))),
        ),
        ("the window is 7 x 7; this contract wants 11 x 11", fast_ssim(gaussian_window(7))),
        ("the window is 9 x 9; this contract wants 11 x 11", fast_ssim(gaussian_window(9))),
        ("the weights of the window do not sum to 1", fast_ssim(gaussian_window() / gaussian_window().max())),
        (
            "the variances carry a factor n / (n - 1); this contract wants the biased ones",
            fast_ssim(bessel=121 / 120),
        ),
        (
            "the channels are averaged to grey first; SSIM is per channel",
            fast_ssim(view=lambda x: x.mean(1, True)),
        ),
        ("the images are averaged first; SSIM is per image", fast_ssim(view=lambda x: x.mean(0, True))),
        ("the comparison of the means is missing", fast_ssim(combine=lambda light, structure, *_: structure)),
        ("the comparison of variances is missing", fast_ssim(combine=lambda light, structure, *_: light)),
        ("1 - SSIM is returned: that is the loss", fast_ssim(combine=lambda a, b, *_: 1 - a * b)),
        ("(1 - SSIM) / 2 is returned: that is the loss", fast_ssim(combine=lambda a, b, *_: (1 - a * b) / 2)),
        ("the two comparisons are added, not multiplied", fast_ssim(combine=lambda a, b, *_: a + b)),
        (
            "the factor 2 before the covariance is missing",
            fast_ssim(combine=lambda a, b, mx, my, vx, vy, v, c1, c2: a * (v + c2) / (vx + vy + c2)),
        ),
        (
            "the factor 2 before the means is missing",
            fast_ssim(
                combine=lambda a, b, mx, my, vx, vy, v, c1, c2: (mx * my + c1) / (mx**2 + my**2 + c1) * b
            ),
        ),
        (
            "standard deviations stand where the variances belong",
            fast_ssim(
                combine=lambda a, b, mx, my, vx, vy, v, c1, c2: (
                    a * (2 * v + c2) / (vx.clamp(min=0).sqrt() + vy.clamp(min=0).sqrt() + c2)
                )
            ),
        ),
        (
            "the mean square is used as the variance: the square of the mean was not subtracted",
            fast_ssim(
                combine=lambda a, b, mx, my, vx, vy, v, c1, c2: (
                    a * (2 * (v + mx * my) + c2) / (vx + mx**2 + vy + my**2 + c2)
                )
            ),
        ),
    ]
    return tuple(
        Misconception(number=73 if "C1" in text or "range" in text else 74, sentence=text, function=function)
        for text, function in parts
    )


WRONG_SSIM = _wrong()
