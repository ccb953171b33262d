"""The exercises `mri.fft2c` and `mri.truncate_kspace`: the centred transform, and resolution as its extent."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Call, Case, Exercise, Misconception
from paperlens.exercises.engine.kit import (
    conserves,
    distinct,
    homogeneous,
    items_independent,
    known_value,
    random_complex,
    uniform,
)

LAST = (-2, -1)


def _centred_matrix(n: int, sign: int) -> Tensor:
    """exp(sign 2 pi i u x / n) / sqrt(n), where u and x count from the middle n // 2."""
    rows = [
        [cmath.exp(sign * 2j * math.pi * (u - n // 2) * (x - n // 2) / n) / math.sqrt(n) for x in range(n)]
        for u in range(n)
    ]
    return torch.tensor(rows, dtype=torch.complex128)


def slow_fft2c(image: Tensor, sign: int = -1) -> Tensor:
    """The sum over all pixels that defines the transform, as two matrix products without any FFT."""
    h, w = image.shape[-2:]
    found = _centred_matrix(h, sign) @ image.to(torch.complex128) @ _centred_matrix(w, sign).T
    return found.to(image.dtype)


def _slow_ifft2c(kspace: Tensor) -> Tensor:
    return slow_fft2c(kspace, +1)


def _complex_cases(rng: np.random.Generator) -> list[Case]:
    """Odd and even sides in all four combinations, no, one and two leading axes, small and large values."""
    found = []
    for parity_h, parity_w, leading, scale in [
        (1, 0, 1, 1.0),
        (0, 1, 2, 1e3),
        (1, 1, 0, 1e-3),
        (0, 0, 1, 1.0),
    ]:
        a, b = distinct(rng, 2, 3, 6)
        h, w = 2 * a + parity_h, 2 * b + parity_w
        shape = (*distinct(rng, leading, 2, 4), h, w)
        name = f"complex {' x '.join(map(str, shape))}, values of about {scale:g}"
        found.append(Case(name=name, args=(random_complex(rng, *shape, scale=scale),)))
    one = random_complex(rng, 1, 5, 8)
    return [*found, Case(name="a batch of one, 1 x 5 x 8", args=(one,))]


def _impulse(rng: np.random.Generator) -> tuple[Tensor]:
    image = torch.zeros(2, 7, 10, dtype=torch.complex128)
    image[:, 3, 5] = 1.0
    return (image,)


def _energy(x: Tensor) -> Tensor:
    return x.abs().square().sum()


def _transform_properties(inverse: bool) -> tuple[Any, ...]:
    place = "the middle of k-space" if inverse else "the middle pixel"
    return (
        known_value(
            f"one point at {place} (h // 2, w // 2) becomes 1 / sqrt(h w) everywhere, real",
            _impulse,
            lambda x: torch.full_like(x, 1 / math.sqrt(70)),
            "size 7 x 10",
        ),
        known_value(
            "a constant becomes one point, at (h // 2, w // 2)",
            lambda rng: (torch.full((2, 7, 10), 3.0, dtype=torch.complex128),),
            lambda x: _impulse(np.random.default_rng())[0] * 3 * math.sqrt(70),
            "size 7 x 10",
        ),
        conserves(
            "the energy is kept (Parseval)", lambda rng: (random_complex(rng, 2, 5, 8),), _energy, _energy
        ),
        items_independent("each image is transformed alone", lambda rng: (random_complex(rng, 3, 5, 4),)),
    )


def _variants(fft: Callable[..., Tensor], other: Callable[..., Tensor]) -> tuple[tuple[int, str, Call], ...]:
    """The ways to get a centred transform wrong; `other` is the transform of the opposite direction."""
    shift, unshift = torch.fft.fftshift, torch.fft.ifftshift

    def ortho(x: Tensor) -> Tensor:
        return fft(x, norm="ortho")

    return (
        (75, "the ifftshift before the transform is missing", lambda x: shift(ortho(x), LAST)),
        (75, "the fftshift after the transform is missing", lambda x: ortho(unshift(x, LAST))),
        (
            76,
            "fftshift and ifftshift are swapped, which odd sizes show",
            lambda x: unshift(ortho(shift(x, LAST)), LAST),
        ),
        (
            76,
            "fftshift stands twice; before it must be ifftshift",
            lambda x: shift(ortho(shift(x, LAST)), LAST),
        ),
        (
            76,
            "ifftshift stands twice; after it must be fftshift",
            lambda x: unshift(ortho(unshift(x, LAST)), LAST),
        ),
        (77, "no shift at all", ortho),
        (77, "only the last axis is shifted", lambda x: shift(ortho(unshift(x, -1)), -1)),
        (77, "only the rows are shifted", lambda x: shift(ortho(unshift(x, -2)), -2)),
        (77, "all axes are shifted, the batch too", lambda x: shift(ortho(unshift(x, LAST)))),
        (77, "the other direction is computed", lambda x: shift(other(unshift(x, LAST), norm="ortho"), LAST)),
        (77, "norm='ortho' is missing", lambda x: shift(fft(unshift(x, LAST)), LAST)),
        (77, "the factor is applied twice", lambda x: shift(fft(unshift(x, LAST), norm="forward"), LAST)),
        (
            78,
            "the magnitude is taken before the transform",
            lambda x: shift(ortho(unshift(x.abs() + 0j, LAST)), LAST),
        ),
        (78, "the imaginary part is thrown away", lambda x: shift(ortho(unshift(x.real + 0j, LAST)), LAST)),
        (
            77,
            "all axes are transformed, the batch too",
            lambda x: shift(fft(unshift(x, LAST), dim=tuple(range(x.ndim)), norm="ortho"), LAST),
        ),
        (77, "rows and columns are exchanged", lambda x: shift(ortho(unshift(x, LAST)), LAST).mT),
    )


def _misconceptions(variants: tuple[tuple[int, str, Call], ...]) -> tuple[Misconception, ...]:
    return tuple(Misconception(number=n, sentence=s, function=f) for n, s, f in variants)


IFFT2C = Exercise(
    id="mri.ifft2c",
    parameters="kspace",
    summary="""The centred, orthonormal two-dimensional inverse Fourier transform over the last two axes,
from k-space to the image. kspace: (..., h, w), complex64 or complex128, any number of leading axes;
frequency 0 lies at (h // 2, w // 2), and so does the origin of the image. Returns the same shape and dtype.""",
    minutes=8,
    difficulty=2,
    importance=5,
    points=4,
    oracle=_slow_ifft2c,
    cases=_complex_cases,
    properties=_transform_properties(True),
    misconceptions=_misconceptions(_variants(torch.fft.ifft2, torch.fft.fft2)),
)

FFT2C = Exercise(
    id="mri.fft2c",
    parameters="image",
    summary="""The centred, orthonormal two-dimensional Fourier transform over the last two axes. image:
(..., h, w), complex64 or complex128, any number of leading axes. The image's origin is the pixel (h // 2, w
// 2), and frequency 0 comes to lie at (h // 2, w // 2). Returns the same shape and dtype.""",
    minutes=8,
    difficulty=2,
    importance=5,
    points=4,
    oracle=slow_fft2c,
    cases=_complex_cases,
    properties=_transform_properties(False),
    misconceptions=_misconceptions(_variants(torch.fft.fft2, torch.fft.ifft2)),
    sibling=IFFT2C,
)


def slow_truncate(image: Tensor, scale: int, rows: bool = True) -> Tensor:
    """Transform by the definition, keep the middle, transform back by the definition."""
    h, w = image.shape[-2:]
    new_h, new_w = h // scale if rows else h, w // scale
    kspace = slow_fft2c(image.to(torch.complex128))
    top, left = h // 2 - new_h // 2, w // 2 - new_w // 2
    kept = kspace[..., top : top + new_h, left : left + new_w]
    return (_slow_ifft2c(kept).abs() * math.sqrt(new_h * new_w / (h * w))).to(image.dtype)


def _truncate_cases(rng: np.random.Generator) -> list[Case]:
    """Odd and even sides that the scale divides, before and after; pictures with values of both signs."""
    found = []
    for scale, odd, size, batch in [
        (2, True, 1.0, 3),
        (3, True, 1e3, 2),
        (2, False, 1e-3, 1),
        (4, True, 1.0, 2),
    ]:
        a, b = distinct(rng, 2, 2, 5)
        h, w = (2 * a + odd) * scale, (2 * b + odd) * scale
        image = uniform(rng, batch, h, w, low=-0.4, high=1.0) * size
        found.append(
            Case(name=f"{batch} x {h} x {w}, scale {scale}, values of about {size:g}", args=(image, scale))
        )
    return found


def _wave(cycles: int, h: int = 12, w: int = 18) -> Tensor:
    """1 + 0.5 cos along the columns, with this many cycles over the picture."""
    x = torch.arange(w, dtype=torch.float64)
    return (1 + 0.5 * torch.cos(2 * math.pi * cycles * x / w)).expand(2, h, w).clone()


def _truncate_properties(rows: bool) -> tuple[Any, ...]:
    def low(x: Tensor) -> Tensor:
        return x[:, :: 3 if rows else 1, ::3]

    # Sample i of the small grid lies at position 3 i - shift of the large one, whose middle is the middle.
    return (
        known_value(
            "a constant 0.37 stays 0.37",
            lambda rng: (torch.full((2, 12, 18), 0.37, dtype=torch.float64), 3),
            lambda x, s: low(x),
        ),
        known_value(
            "a slow wave (2 cycles) is kept exactly, with its amplitude",
            lambda rng: (_wave(2), 3),
            lambda x, s: low(x),
        ),
        known_value(
            "a fast wave (5 cycles, the new grid holds 3) leaves the mean alone",
            lambda rng: (_wave(5), 3),
            lambda x, s: torch.ones_like(low(x)),
        ),
        homogeneous(
            "twice the picture gives twice the output", lambda rng: (uniform(rng, 2, 12, 8), 2), 1, factor=2.0
        ),
        items_independent("each image is truncated alone", lambda rng: (uniform(rng, 3, 9, 6), 3)),
    )


def _crop(
    *,
    start: Callable[[int, int], int] = lambda n, m: n // 2 - m // 2,
    factor: Callable[[int, int], float] = lambda n, m: math.sqrt(m / n),
    end: Callable[[Tensor], Tensor] = torch.abs,
    rows: bool = True,
) -> Call:
    """Truncation with some part replaced."""

    def truncate(image: Tensor, scale: int) -> Tensor:
        h, w = image.shape[-2:]
        new_h, new_w = h // scale if rows else h, w // scale
        kspace = torch.fft.fftshift(torch.fft.fft2(torch.fft.ifftshift(image, LAST), norm="ortho"), LAST)
        top, left = start(h, new_h), start(w, new_w)
        kept = kspace[..., top : top + new_h, left : left + new_w]
        small = torch.fft.fftshift(torch.fft.ifft2(torch.fft.ifftshift(kept, LAST), norm="ortho"), LAST)
        return end(small) * factor(h, new_h) * factor(w, new_w)

    return truncate


def _interpolate(mode: str, antialias: bool) -> Call:
    def resize(image: Tensor, scale: int) -> Tensor:
        found: Tensor = torch.nn.functional.interpolate(
            image[:, None], scale_factor=1 / scale, mode=mode, antialias=antialias
        )
        return found[:, 0]

    return resize


BICUBIC = "this is bicubic resizing, not truncation: k-space is not involved"
_WRONG: tuple[tuple[int, str, Call], ...] = (
    (79, "the corner of k-space is kept instead of its centre", _crop(start=lambda n, m: 0)),
    (
        80,
        "the intensity is not rescaled: after an orthonormal crop divide by the scale",
        _crop(factor=lambda n, m: 1.0),
    ),
    (80, "the intensity is divided by the scale twice", _crop(factor=lambda n, m: m / n)),
    (
        80,
        "the intensity is multiplied by the scale; it must be divided",
        _crop(factor=lambda n, m: math.sqrt(n / m)),
    ),
    (81, "the crop begins one entry off the middle", _crop(start=lambda n, m: n // 2 - m // 2 - 1)),
    (81, "the crop begins one entry off the middle", _crop(start=lambda n, m: n // 2 - m // 2 + 1)),
    (
        81,
        "the crop begins at (n - m) // 2, which misses the middle when n is even and m odd",
        _crop(start=lambda n, m: (n - m) // 2),
    ),
    (82, "every scale-th pixel is taken: that is striding, and it aliases", lambda x, s: x[:, ::s, ::s]),
    (
        82,
        "blocks of pixels are averaged; truncation keeps slow waves exactly",
        torch.nn.functional.avg_pool2d,
    ),
    (82, BICUBIC, _interpolate("bicubic", False)),
    (82, BICUBIC, _interpolate("bicubic", True)),
    (88, "the real part is returned, not the magnitude", _crop(end=torch.real)),
)

TRUNCATE_COLUMNS = Exercise(
    id="mri.truncate_columns",
    parameters="image, scale",
    summary="""Lower resolution along the last axis by truncating k-space. image: real (b, h, w), float32
or float64; scale: a whole number that divides w. Of the centred k-space keep all rows and the m = w //
scale columns from w // 2 - m // 2 on, transform back, and return the magnitude (b, h, m), scaled so that
the mean intensity is kept: a constant stays what it was. Same dtype out.""",
    minutes=12,
    difficulty=3,
    importance=4,
    points=5,
    oracle=lambda image, scale: slow_truncate(image, scale, rows=False),
    cases=_truncate_cases,
    properties=_truncate_properties(False),
    misconceptions=(
        Misconception(number=79, sentence="rows are truncated too", function=_crop()),
        Misconception(
            number=80,
            sentence="the intensity is not rescaled",
            function=_crop(rows=False, factor=lambda n, m: 1.0),
        ),
        Misconception(
            number=79,
            sentence="the first columns of k-space are kept instead of the middle ones",
            function=_crop(rows=False, start=lambda n, m: 0),
        ),
        Misconception(
            number=81,
            sentence="the crop begins one too early",
            function=_crop(rows=False, start=lambda n, m: n // 2 - m // 2 - (n != m)),
        ),
    ),
)

TRUNCATE_KSPACE = Exercise(
    id="mri.truncate_kspace",
    parameters="image, scale",
    summary="""Lower resolution by truncating k-space. image: real (b, h, w), float32 or float64; scale: a
whole number that divides h and w. Of the centred k-space (frequency 0 at n // 2) keep the middle m = n //
scale entries of both axes, from n // 2 - m // 2 on, transform back, and return the magnitude (b, h //
scale, w // scale), scaled so that the mean intensity is kept: a constant stays what it was. Same dtype out.""",
    minutes=15,
    difficulty=3,
    importance=5,
    points=6,
    oracle=slow_truncate,
    cases=_truncate_cases,
    properties=_truncate_properties(True),
    misconceptions=_misconceptions(_WRONG),
    sibling=TRUNCATE_COLUMNS,
)
