"""`mri.fft2c`: the centred transform from image to k-space."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.fft import fft2, fftn, fftshift, ifft2, ifftshift

from paperlens.exercises.engine.exercise import Case, Exercise, Property, case, wrong
from paperlens.exercises.engine.kit import conserves, distinct, items_independent, known_value, random_complex

LAST = (-2, -1)


def _waves(n: int, sign: int) -> Tensor:
    """exp(sign 2 pi i u x / n) / sqrt(n), where u and x count from the middle n // 2."""
    place = torch.arange(n, dtype=torch.float64) - n // 2
    return torch.exp(sign * 2j * math.pi * torch.outer(place, place) / n) / math.sqrt(n)


def centred(image: Tensor, sign: int = -1) -> Tensor:
    """The sum over all pixels that defines the transform, as two matrix products without any FFT."""
    h, w = image.shape[-2:]
    return (_waves(h, sign) @ image.to(torch.complex128) @ _waves(w, sign).T).to(image.dtype)


def _before(x: Tensor, dim: tuple[int, ...] = LAST) -> Tensor:
    """Transformed with the shift of the image, but not yet with that of k-space."""
    return fft2(ifftshift(x, dim), norm="ortho")


def _cases(rng: np.random.Generator) -> list[Case]:
    """Odd and even sides in all four combinations; none, one and two leading axes; a batch of one."""
    found = []
    plan = [(1, 0, 1, 1.0), (0, 1, 2, 1e3), (1, 1, 0, 1e-3), (0, 0, 1, 1.0)]
    for odd_h, odd_w, leading, scale in plan:
        a, b = distinct(rng, 2, 3, 6)
        shape = (*distinct(rng, leading, 2, 4), 2 * a + odd_h, 2 * b + odd_w)
        x = random_complex(rng, *shape, scale=scale)
        found.append(case(f"complex {' x '.join(map(str, shape))}, about {scale:g}", x))
    return [*found, case("a batch of one, 1 x 5 x 8", random_complex(rng, 1, 5, 8))]


def _point(rng: np.random.Generator) -> tuple[Tensor]:
    image = torch.zeros(2, 7, 10, dtype=torch.complex128)
    image[:, 3, 5] = 1.0
    return (image,)


def _energy(x: Tensor) -> Tensor:
    return x.abs().square().sum()


def _properties(place: str) -> tuple[Property, ...]:
    return (
        known_value(
            f"one point at {place} (h // 2, w // 2) becomes 1 / sqrt(h w) everywhere, real",
            _point,
            lambda x: torch.full_like(x, 1 / math.sqrt(70)),
        ),
        known_value(
            "a constant becomes one point, at (h // 2, w // 2)",
            lambda rng: (torch.full((2, 7, 10), 3.0, dtype=torch.complex128),),
            lambda x: _point(np.random.default_rng())[0] * 3 * math.sqrt(70),
        ),
        conserves(
            "the energy is kept (Parseval)", lambda rng: (random_complex(rng, 2, 5, 8),), _energy, _energy
        ),
        items_independent("each image is transformed alone", lambda rng: (random_complex(rng, 3, 5, 4),)),
    )


SIBLING = Exercise(
    id="mri.ifft2c",
    parameters="kspace",
    summary="""The centred, orthonormal two-dimensional inverse Fourier transform over the last two axes,
from k-space to the image. `kspace` (..., h, w), complex64 or complex128, any number of leading axes;
frequency 0 lies at (h // 2, w // 2), and so does the origin of the image. Returns the same shape and dtype.""",
    minutes=8,
    difficulty=2,
    importance=5,
    points=4,
    oracle=lambda kspace: centred(kspace, +1),
    cases=_cases,
    properties=_properties("the middle of k-space"),
    misconceptions=(
        wrong("the other direction is computed: this is fft2c", centred),
        wrong(
            "the ifftshift before the transform is missing", lambda k: fftshift(ifft2(k, norm="ortho"), LAST)
        ),
        wrong(
            "the fftshift after the transform is missing", lambda k: ifft2(ifftshift(k, LAST), norm="ortho")
        ),
        wrong(
            "fftshift and ifftshift are swapped",
            lambda k: ifftshift(ifft2(fftshift(k, LAST), norm="ortho"), LAST),
        ),
        wrong("there is no shift at all", lambda k: ifft2(k, norm="ortho")),
        wrong("norm='ortho' is missing", lambda k: fftshift(ifft2(ifftshift(k, LAST)), LAST)),
    ),
)

EXERCISE = Exercise(
    id="mri.fft2c",
    parameters="image",
    summary="""The centred, orthonormal two-dimensional Fourier transform over the last two axes. `image`
(..., h, w), complex64 or complex128, any number of leading axes. The image's origin is the pixel (h // 2, w
// 2), and frequency 0 comes to lie at (h // 2, w // 2). Returns the same shape and dtype.""",
    minutes=8,
    difficulty=2,
    importance=5,
    points=4,
    oracle=centred,
    cases=_cases,
    properties=_properties("the middle pixel"),
    misconceptions=(
        wrong(
            "the image-side shift is missing: ifftshift belongs before the transform",
            lambda x: fftshift(fft2(x, norm="ortho"), LAST),
        ),
        wrong("the fftshift after the transform is missing", _before),
        wrong(
            "fftshift and ifftshift are swapped, which odd sizes show",
            lambda x: ifftshift(fft2(fftshift(x, LAST), norm="ortho"), LAST),
        ),
        wrong(
            "fftshift stands twice; before it must be ifftshift",
            lambda x: fftshift(fft2(fftshift(x, LAST), norm="ortho"), LAST),
        ),
        wrong("ifftshift stands twice; after it must be fftshift", lambda x: ifftshift(_before(x), LAST)),
        wrong("there is no shift at all", lambda x: fft2(x, norm="ortho")),
        wrong("only the last axis is shifted", lambda x: fftshift(_before(x, (-1,)), -1)),
        wrong("only the rows are shifted", lambda x: fftshift(_before(x, (-2,)), -2)),
        wrong(
            "fftshift runs over all axes, the batch too: give it dim=(-2, -1)", lambda x: fftshift(_before(x))
        ),
        wrong(
            "ifftshift runs over all axes, the batch too",
            lambda x: fftshift(fft2(ifftshift(x), norm="ortho"), LAST),
        ),
        wrong(
            "fftn transforms the batch too: use fft2",
            lambda x: fftshift(fftn(ifftshift(x, LAST), norm="ortho"), LAST),
        ),
        wrong(
            "fftn and the shifts run over all axes, the batch too",
            lambda x: fftshift(fftn(ifftshift(x), norm="ortho")),
        ),
        wrong("the other direction is computed: this is ifft2c", lambda x: centred(x, +1)),
        wrong("norm='ortho' is missing", lambda x: fftshift(fft2(ifftshift(x, LAST)), LAST)),
        wrong(
            "the factor is applied twice", lambda x: fftshift(fft2(ifftshift(x, LAST), norm="forward"), LAST)
        ),
        wrong("the magnitude is taken before the transform", lambda x: fftshift(_before(x.abs() + 0j), LAST)),
        wrong("the imaginary part is thrown away", lambda x: fftshift(_before(x.real + 0j), LAST)),
        wrong("rows and columns are exchanged", lambda x: centred(x).mT),
    ),
    sibling=SIBLING,
    ours="paperlens.ops.fourier.fft2c",
)
