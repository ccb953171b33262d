"""`metrics.ssim`: structural similarity, window by window."""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from paperlens.exercises.bank.metrics.psnr import noisy_pair, picture_cases
from paperlens.exercises.engine.exercise import Case, Exercise, Property, case, wrong
from paperlens.exercises.engine.kit import invariant, known_value, uniform


def gaussian(size: int = 11, sigma: float = 1.5) -> Tensor:
    """Weights over size x size pixels that sum to 1."""
    row = torch.exp(-((torch.arange(size, dtype=torch.float64) - (size - 1) / 2) ** 2) / (2 * sigma**2))
    window = torch.outer(row, row)
    return window / window.sum()


def box(size: int) -> Tensor:
    """Equal weights that sum to 1."""
    return torch.full((size, size), 1 / size**2, dtype=torch.float64)


def _slow(x: Tensor, y: Tensor, data_range: float, window: Tensor, bessel: float) -> Tensor:
    """SSIM by the definition, one window position after the other; `bessel` multiplies the variances."""
    c1, c2, size, values = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2, len(window), []
    for one, other in zip(x.double().flatten(0, 1), y.double().flatten(0, 1), strict=True):
        for top in range(x.shape[2] - size + 1):
            for left in range(x.shape[3] - size + 1):
                p, t = (z[top : top + size, left : left + size] for z in (one, other))
                mean_p, mean_t = (window * p).sum(), (window * t).sum()
                var_p, var_t = ((window * (z - m) ** 2).sum() * bessel for z, m in ((p, mean_p), (t, mean_t)))
                covariance = (window * (p - mean_p) * (t - mean_t)).sum() * bessel
                light = (2 * mean_p * mean_t + c1) / (mean_p**2 + mean_t**2 + c1)
                values.append(light * (2 * covariance + c2) / (var_p + var_t + c2))
    return torch.stack(values).mean().to(x.dtype)


def slow_ssim(prediction: Tensor, target: Tensor, data_range: float) -> Tensor:
    """As published: Gaussian window, biased variances."""
    return _slow(prediction, target, data_range, gaussian(), 1.0)


def slow_ssim_uniform(prediction: Tensor, target: Tensor, data_range: float) -> Tensor:
    """As fastMRI measures it: uniform window, unbiased variances."""
    return _slow(prediction, target, data_range, box(7), 49 / 48)


def _moments(x: Tensor, y: Tensor, window: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Means, biased variances and covariance at all valid positions."""
    maps = torch.stack([x, y, x * x, y * y, x * y]).flatten(0, 2)[:, None]
    a, b, aa, bb, ab = F.conv2d(maps, window.to(x)[None, None]).unflatten(0, (5, -1))
    return a, b, aa - a * a, bb - b * b, ab - a * b


def _terms(
    x: Tensor, y: Tensor, c1: float, c2: float, window: Tensor, bessel: float = 1.0
) -> tuple[Tensor, Tensor]:
    """The comparison of the means and that of the variances."""
    a, b, aa, bb, ab = _moments(x, y, window)
    return (2 * a * b + c1) / (a * a + b * b + c1), (2 * bessel * ab + c2) / (bessel * (aa + bb) + c2)


def _ssim(x: Tensor, y: Tensor, r: float, window: Tensor, bessel: float = 1.0) -> Tensor:
    light, structure = _terms(x, y, (0.01 * r) ** 2, (0.03 * r) ** 2, window, bessel)
    return (light * structure).mean()


def _with(x: Tensor, y: Tensor, c1: float, c2: float) -> Tensor:
    light, structure = _terms(x, y, c1, c2, gaussian())
    return (light * structure).mean()


def _swapped_uniform(x: Tensor, y: Tensor, r: float) -> Tensor:
    light, structure = _terms(x, y, (0.03 * r) ** 2, (0.01 * r) ** 2, box(7), 49 / 48)
    return (light * structure).mean()


def _padded(x: Tensor, y: Tensor, r: float, mode: str, window: Tensor, bessel: float = 1.0) -> Tensor:
    pad = (len(window) // 2,) * 4
    return _ssim(F.pad(x, pad, mode=mode), F.pad(y, pad, mode=mode), r, window, bessel)


def _global(x: Tensor, y: Tensor, r: float) -> Tensor:
    return _ssim(x, y, r, torch.full(x.shape[2:], 1 / x[0, 0].numel()))


def _roots(x: Tensor, y: Tensor, r: float) -> Tensor:
    a, b, aa, bb, ab = _moments(x, y, gaussian())
    c1, c2 = (0.01 * r) ** 2, (0.03 * r) ** 2
    light = (2 * a * b + c1) / (a * a + b * b + c1)
    return (light * (2 * ab + c2) / (aa.clamp(min=0).sqrt() + bb.clamp(min=0).sqrt() + c2)).mean()


def _mean_squares(x: Tensor, y: Tensor, r: float) -> Tensor:
    a, b, aa, bb, ab = _moments(x, y, gaussian())
    c1, c2 = (0.01 * r) ** 2, (0.03 * r) ** 2
    light = (2 * a * b + c1) / (a * a + b * b + c1)
    return (light * (2 * (ab + a * b) + c2) / (aa + a * a + bb + b * b + c2)).mean()


def _part(x: Tensor, y: Tensor, r: float, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    return join(*_terms(x, y, (0.01 * r) ** 2, (0.03 * r) ** 2, gaussian())).mean()


def _cases(rng: np.random.Generator, smallest: int, low: int, high: int) -> list[Case]:
    """The pictures of PSNR, and one that the window just fits into."""
    h, w = smallest, smallest + int(rng.integers(2, 6))
    pair = noisy_pair(rng, (2, 3, h, w), 1.0)
    return [
        *picture_cases(rng, low, high),
        case(f"2 images of 3 x {h} x {w}, one row of positions", *pair, 1.0),
    ]


def _impulse(size: int) -> tuple[Tensor, Tensor, float]:
    """A window with one bright pixel off the centre, against black."""
    prediction = torch.zeros(1, 1, size, size).double()
    prediction[0, 0, 3, 4] = 1.0
    return prediction, torch.zeros_like(prediction), 1.0


def _properties(window: Tensor, bessel: float) -> tuple[Property, ...]:
    size, weight = len(window), float(window[3, 4])
    seen = 1e-4 / (weight**2 + 1e-4) * 9e-4 / ((weight - weight**2) * bessel + 9e-4)
    flat = torch.full((1, 2, size, size + 1), 0.2).double()

    def pair(rng: np.random.Generator) -> tuple[Tensor, Tensor, float]:
        return (*noisy_pair(rng, (2, 3, size + 3, size + 2), 1.0), 1.0)

    return (
        known_value(
            "a picture is wholly similar to itself: 1",
            lambda rng: (*[uniform(rng, 2, 3, size + 3, size + 2)] * 2, 1.0),
            lambda *_: torch.tensor(1.0).double(),
        ),
        known_value(
            "two flat pictures, 0.2 and 0.6: only the means count, (2 * 0.12 + C1) / (0.04 + 0.36 + C1)",
            lambda rng: (flat, 3 * flat, 1.0),
            lambda *_: torch.tensor(0.2401 / 0.4001, dtype=torch.float64),
        ),
        known_value(
            "one bright pixel against black shows its weight in the window",
            lambda rng: _impulse(size),
            lambda *_: torch.tensor(seen, dtype=torch.float64),
        ),
        invariant("the order of the two pictures does not matter", pair, lambda x, y, r: (y, x, r)),
        invariant(
            "the unit does not matter: ssim(255 x, 255 y, 255) = ssim(x, y, 1)",
            pair,
            lambda x, y, r: (255 * x, 255 * y, 255 * r),
        ),
        invariant(
            "images and channels are only averaged", pair, lambda x, y, r: (x.flip(0, 1), y.flip(0, 1), r)
        ),
    )


PAD = "the pictures are padded, so that windows over the border count; only the valid positions do"
OWN = "the data range is taken from the pixels instead of the argument data_range"
SIBLING = Exercise(
    id="metrics.ssim_uniform",
    parameters="prediction, target, data_range",
    summary=r"""The structural similarity as fastMRI measures it, averaged over all valid window positions,
channels and images. `prediction` and `target` (b, c, h, w) with h, w of at least 7, float32 or float64;
`data_range` L: a positive number. The window is uniform, 7 x 7; variances and the covariance are the
unbiased ones, with a factor 49 / 48. $C_1 = (0.01 L)^2$, $C_2 = (0.03 L)^2$. No padding. Returns a tensor
with no axes, of the dtype that came in.""",
    minutes=15,
    difficulty=3,
    importance=5,
    points=6,
    oracle=slow_ssim_uniform,
    cases=lambda rng: _cases(rng, 7, 11, 13),
    properties=_properties(box(7), 49 / 48),
    misconceptions=(
        wrong("the variances are the biased ones", lambda x, y, r: _ssim(x, y, r, box(7))),
        wrong("the window is Gaussian, 11 x 11", lambda x, y, r: _ssim(x, y, r, gaussian())),
        wrong("the pictures are padded", lambda x, y, r: _padded(x, y, r, "constant", box(7), 49 / 48)),
        wrong(
            "the data range is taken as 1 whatever was given", lambda x, y, r: slow_ssim_uniform(x, y, 1.0)
        ),
    ),
)

EXERCISE = Exercise(
    id="metrics.ssim",
    parameters="prediction, target, data_range",
    summary=r"""The structural similarity (Wang et al. 2004) of each channel of each image, averaged over
all valid window positions, channels and images. `prediction` and `target` (b, c, h, w) with h, w of at
least 11, float32 or float64, any number of channels; `data_range` L: a positive number. Means, variances
and the covariance are weighted by a Gaussian window of 11 x 11, $\sigma$ = 1.5, whose weights sum to 1; the
variances are the biased ones, the sum of w (x - mean)^2. $C_1 = (0.01 L)^2$, $C_2 = (0.03 L)^2$. No
padding: an h x w channel has (h - 10)(w - 10) positions. Returns a tensor with no axes, of the dtype that
came in.""",
    minutes=15,
    difficulty=3,
    importance=5,
    points=6,
    oracle=slow_ssim,
    cases=lambda rng: _cases(rng, 11, 12, 15),
    properties=_properties(gaussian(), 1.0),
    misconceptions=(
        wrong(
            "the data range is taken as 1 whatever was given", lambda x, y, r: _ssim(x, y, 1.0, gaussian())
        ),
        wrong(
            "the data range is taken as 255 whatever was given",
            lambda x, y, r: _ssim(x, y, 255.0, gaussian()),
        ),
        wrong(OWN, lambda x, y, r: _ssim(x, y, float(y.max()), gaussian())),
        wrong(OWN, lambda x, y, r: _ssim(x, y, float(x.max()), gaussian())),
        wrong(OWN, lambda x, y, r: _ssim(x, y, float(y.max() - y.min()), gaussian())),
        wrong("C1 and C2 are swapped", lambda x, y, r: _with(x, y, (0.03 * r) ** 2, (0.01 * r) ** 2)),
        wrong("C1 and C2 are not squared: C = (K L)^2", lambda x, y, r: _with(x, y, 0.01 * r, 0.03 * r)),
        wrong(
            "C1 and C2 square L alone: C = (K L)^2, not K L^2",
            lambda x, y, r: _with(x, y, 0.01 * r**2, 0.03 * r**2),
        ),
        wrong("C1 and C2 are left out", lambda x, y, r: _with(x, y, 0.0, 0.0)),
        wrong(PAD + " (zeros)", lambda x, y, r: _padded(x, y, r, "constant", gaussian())),
        wrong(PAD + " (reflected)", lambda x, y, r: _padded(x, y, r, "reflect", gaussian())),
        wrong(PAD + " (repeated border)", lambda x, y, r: _padded(x, y, r, "replicate", gaussian())),
        wrong(
            "the window is uniform, 7 x 7; it should be Gaussian, 11 x 11",
            lambda x, y, r: _ssim(x, y, r, box(7)),
        ),
        wrong(
            "the window is uniform, 7 x 7, with sample variances: that is fastMRI's",
            lambda x, y, r: _ssim(x, y, r, box(7), 49 / 48),
        ),
        wrong(
            "the window is uniform, 11 x 11; its weights must be Gaussian, sigma 1.5",
            lambda x, y, r: _ssim(x, y, r, box(11)),
        ),
        wrong("one window covers the whole picture: SSIM is local, then averaged", _global),
        wrong("sigma is 1; this contract wants 1.5", lambda x, y, r: _ssim(x, y, r, gaussian(11, 1.0))),
        wrong(
            "1.5 is taken as the variance; it is sigma",
            lambda x, y, r: _ssim(x, y, r, gaussian(11, math.sqrt(1.5))),
        ),
        wrong(
            "the exponent lacks the 2: exp(-d^2 / (2 sigma^2))",
            lambda x, y, r: _ssim(x, y, r, gaussian(11, 1.5 / math.sqrt(2))),
        ),
        wrong(
            "the window is 7 x 7; this contract wants 11 x 11", lambda x, y, r: _ssim(x, y, r, gaussian(7))
        ),
        wrong(
            "the window is 9 x 9; this contract wants 11 x 11", lambda x, y, r: _ssim(x, y, r, gaussian(9))
        ),
        wrong(
            "the weights of the window do not sum to 1",
            lambda x, y, r: _ssim(x, y, r, gaussian() / gaussian().max()),
        ),
        wrong(
            "the variances carry a factor n / (n - 1); the biased ones are wanted",
            lambda x, y, r: _ssim(x, y, r, gaussian(), 121 / 120),
        ),
        wrong(
            "the channels are averaged to grey first; SSIM is per channel",
            lambda x, y, r: _ssim(x.mean(1, True), y.mean(1, True), r, gaussian()),
        ),
        wrong(
            "the images are averaged first; SSIM is per image",
            lambda x, y, r: _ssim(x.mean(0, True), y.mean(0, True), r, gaussian()),
        ),
        wrong(
            "the comparison of the means is missing",
            lambda x, y, r: _part(x, y, r, lambda light, structure: structure),
        ),
        wrong(
            "the comparison of variances is missing",
            lambda x, y, r: _part(x, y, r, lambda light, structure: light),
        ),
        wrong("the two comparisons are added, not multiplied", lambda x, y, r: _part(x, y, r, torch.add)),
        wrong("1 - SSIM is returned: that is the loss", lambda x, y, r: 1 - _ssim(x, y, r, gaussian())),
        wrong(
            "(1 - SSIM) / 2 is returned: that is the loss",
            lambda x, y, r: (1 - _ssim(x, y, r, gaussian())) / 2,
        ),
        wrong("standard deviations stand where the variances belong", _roots),
        wrong("the square of the mean was not subtracted: mean squares are no variances", _mean_squares),
    ),
    sibling=SIBLING,
    ours="paperlens.metrics.structure.ssim",
)
