"""`mri.truncate_kspace`: resolution is how far k-space reaches."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.fft import fft2, fftshift, ifft2, ifftshift
from torch.nn.functional import avg_pool2d, interpolate

from paperlens.exercises.engine.exercise import Case, Exercise, Property, case, wrong
from paperlens.exercises.engine.kit import distinct, homogeneous, items_independent, known_value, uniform

LAST = (-2, -1)


def _low(n: int, scale: int) -> Tensor:
    """n samples to n // scale: the sum over the kept frequencies, all counted from the middle. Keeps constants."""
    m = n // scale
    there, back = (torch.arange(size, dtype=torch.float64) - size // 2 for size in (n, m))
    forward = torch.exp(-2j * math.pi * torch.outer(back, there) / n)
    return torch.exp(2j * math.pi * torch.outer(back, back) / m) @ forward / n


def truncate_kspace(image: Tensor, scale: int) -> Tensor:
    """Along both axes, by the definition."""
    h, w = image.shape[-2:]
    return (_low(h, scale) @ image.to(torch.complex128) @ _low(w, scale).mT).abs().to(image.dtype)


def truncate_columns(image: Tensor, scale: int) -> Tensor:
    """Along the last axis alone."""
    return (image.to(torch.complex128) @ _low(image.shape[-1], scale).mT).abs().to(image.dtype)


def _kspace(image: Tensor) -> Tensor:
    return fftshift(fft2(ifftshift(image, LAST), norm="ortho"), LAST)


def _image(kspace: Tensor) -> Tensor:
    return fftshift(ifft2(ifftshift(kspace, LAST), norm="ortho"), LAST)


def _middle(kspace: Tensor, scale: int, off: int = 0) -> Tensor:
    """The kept block, or the one that begins `off` entries later."""
    h, w = kspace.shape[-2:]
    top, left = h // 2 - h // scale // 2 + off, w // 2 - w // scale // 2 + off
    return kspace[..., top : top + h // scale, left : left + w // scale]


def _half_of_rest(image: Tensor, s: int) -> Tensor:
    (h, w), kspace = image.shape[-2:], _kspace(image)
    top, left = (h - h // s) // 2, (w - w // s) // 2
    return _image(kspace[..., top : top + h // s, left : left + w // s]).abs() / s


def _columns(image: Tensor, start: int, scale: int) -> Tensor:
    kept = _kspace(image)[..., start : start + image.shape[-1] // scale]
    return _image(kept).abs() / math.sqrt(scale)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Odd and even sides that the scale divides, before and after; pictures with values of both signs."""
    found = []
    for s, odd, size, batch in [(2, True, 1.0, 3), (3, True, 1e3, 2), (2, False, 1e-3, 1), (4, True, 1.0, 2)]:
        a, b = distinct(rng, 2, 2, 5)
        h, w = (2 * a + odd) * s, (2 * b + odd) * s
        image = uniform(rng, batch, h, w, low=-0.4, high=1.0) * size
        found.append(case(f"{batch} x {h} x {w}, scale {s}, about {size:g}", image, s))
    return found


def _wave(cycles: int) -> tuple[Tensor, int]:
    """1 + 0.5 cos along the columns, with this many cycles over 12 x 18 pixels."""
    x = torch.arange(18, dtype=torch.float64)
    return (1 + 0.5 * torch.cos(2 * math.pi * cycles * x / 18)).expand(2, 12, 18).clone(), 3


def _properties(rows: int) -> tuple[Property, ...]:
    """Sample i of the small grid lies at pixel 3 i of the large one: their middles agree."""
    return (
        known_value(
            "a constant 0.37 stays 0.37",
            lambda rng: (torch.full((2, 12, 18), 0.37).double(), 3),
            lambda x, s: x[:, ::rows, ::3],
        ),
        known_value(
            "a slow wave (2 cycles) is kept exactly, amplitude and all",
            lambda rng: _wave(2),
            lambda x, s: x[:, ::rows, ::3],
        ),
        known_value(
            "a fast wave (5 cycles, the new grid holds 3) leaves the mean alone",
            lambda rng: _wave(5),
            lambda x, s: torch.ones_like(x[:, ::rows, ::3]),
        ),
        homogeneous(
            "twice the picture gives twice the output", lambda rng: (uniform(rng, 2, 12, 8), 2), 1, factor=2.0
        ),
        items_independent("each image is truncated alone", lambda rng: (uniform(rng, 3, 9, 6), 3)),
    )


BICUBIC = "this is bicubic resizing, not truncation: k-space is not involved"
SIBLING = Exercise(
    id="mri.truncate_columns",
    parameters="image, scale",
    summary="""Lower resolution along the last axis by truncating k-space. `image` real (b, h, w), float32
or float64; `scale`: a whole number that divides w. Of the centred k-space keep all rows and the m = w //
scale columns from w // 2 - m // 2 on, transform back, and return the magnitude (b, h, m), scaled so that
the mean intensity is kept: a constant stays what it was. Same dtype out.""",
    minutes=12,
    difficulty=3,
    importance=4,
    points=5,
    oracle=truncate_columns,
    cases=_cases,
    properties=_properties(1),
    misconceptions=(
        wrong("rows are truncated too", truncate_kspace),
        wrong("the intensity is not rescaled", lambda x, s: truncate_columns(x, s) * math.sqrt(s)),
        wrong(
            "the first columns of k-space are kept instead of the middle ones", lambda x, s: _columns(x, 0, s)
        ),
        wrong(
            "the crop begins one too early",
            lambda x, s: _columns(x, x.shape[-1] // 2 - x.shape[-1] // s // 2 - 1, s),
        ),
    ),
)

EXERCISE = Exercise(
    id="mri.truncate_kspace",
    parameters="image, scale",
    summary="""Lower resolution by truncating k-space. `image` real (b, h, w), float32 or float64; `scale`:
a whole number that divides h and w. Of the centred k-space (frequency 0 at n // 2) keep the middle m = n //
scale entries of both axes, from n // 2 - m // 2 on, transform back, and return the magnitude (b, h //
scale, w // scale), scaled so that the mean intensity is kept: a constant stays what it was. Same dtype out.""",
    minutes=15,
    difficulty=3,
    importance=5,
    points=6,
    oracle=truncate_kspace,
    cases=_cases,
    properties=_properties(3),
    misconceptions=(
        wrong(
            "the image-side shifts are missing: ifftshift before the first transform, fftshift after the last",
            lambda x, s: (
                ifft2(ifftshift(_middle(fftshift(fft2(x, norm="ortho"), LAST), s), LAST), norm="ortho").abs()
                / s
            ),
        ),
        wrong(
            "the image-side ifftshift before the transform is missing",
            lambda x, s: _image(_middle(fftshift(fft2(x, norm="ortho"), LAST), s)).abs() / s,
        ),
        wrong(
            "the image-side fftshift after the way back is missing",
            lambda x, s: ifft2(ifftshift(_middle(_kspace(x), s), LAST), norm="ortho").abs() / s,
        ),
        wrong(
            "the corner of k-space is kept instead of its centre",
            lambda x, s: _image(_kspace(x)[..., : x.shape[-2] // s, : x.shape[-1] // s]).abs() / s,
        ),
        wrong(
            "the intensity is not rescaled: after an orthonormal crop divide by the scale",
            lambda x, s: truncate_kspace(x, s) * s,
        ),
        wrong("the intensity is divided by the scale twice", lambda x, s: truncate_kspace(x, s) / s),
        wrong(
            "the intensity is multiplied by the scale; it must be divided",
            lambda x, s: truncate_kspace(x, s) * s * s,
        ),
        wrong(
            "the crop begins one entry too early", lambda x, s: _image(_middle(_kspace(x), s, -1)).abs() / s
        ),
        wrong("the crop begins one entry too late", lambda x, s: _image(_middle(_kspace(x), s, 1)).abs() / s),
        wrong(
            "the crop begins at (n - m) // 2, which misses the middle when n is even and m odd", _half_of_rest
        ),
        wrong("every scale-th pixel is taken: that is striding, and it aliases", lambda x, s: x[:, ::s, ::s]),
        wrong("blocks of pixels are averaged; truncation keeps slow waves exactly", avg_pool2d),
        wrong(BICUBIC, lambda x, s: interpolate(x[:, None], scale_factor=1 / s, mode="bicubic")[:, 0]),
        wrong(
            BICUBIC,
            lambda x, s: interpolate(x[:, None], scale_factor=1 / s, mode="bicubic", antialias=True)[:, 0],
        ),
        wrong(
            "the real part is returned, not the magnitude",
            lambda x, s: _image(_middle(_kspace(x), s)).real / s,
        ),
    ),
    sibling=SIBLING,
)
