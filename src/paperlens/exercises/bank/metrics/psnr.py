"""`metrics.psnr`: the error of a picture in decibels."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import depends_on, distinct, invariant, known_value, uniform

CONTRACT = r"""The peak signal-to-noise ratio in decibels, $10 \log_{10}(L^2 / \mathrm{MSE})$, of each
image, then the mean over the images of the batch. `prediction` and `target` (b, c, h, w), float32 or
float64, any number of channels; `data_range` L: a positive number, the distance between the smallest and
the largest possible pixel value. The MSE is the mean over all channels and pixels of one image. Nothing is
clamped, rounded, converted or cropped. An image equal to its target has infinite PSNR. Returns a tensor
with no axes, of the dtype that came in."""


def psnr(prediction: Tensor, target: Tensor, data_range: float) -> Tensor:
    """The definition, image by image and number by number."""
    values = []
    for errors in (prediction - target).flatten(1).tolist():
        mse = sum(e * e for e in errors) / len(errors)
        values.append(math.inf if mse == 0 else 10 * math.log10(data_range**2 / mse))
    return torch.tensor(sum(values) / len(values), dtype=prediction.dtype)


def _cropped(x: Tensor, border: int) -> Tensor:
    return x[..., border : x.shape[-2] - border, border : x.shape[-1] - border]


def _blanked(x: Tensor, border: int) -> Tensor:
    return F.pad(_cropped(x, border), (border, border, border, border))


def psnr_border(prediction: Tensor, target: Tensor, data_range: float, border: int) -> Tensor:
    """The same inside a border."""
    return psnr(_cropped(prediction, border), _cropped(target, border), data_range)


def noisy_pair(
    rng: np.random.Generator, shape: tuple[int, int, int, int], data_range: float
) -> tuple[Tensor, Tensor]:
    """A picture and a copy; images, channels and border have their own noise, and values leave the range."""
    target = uniform(rng, *shape, low=0.1, high=0.9)
    strength = torch.from_numpy(10 ** rng.uniform(-2.0, -0.5, (*shape[:2], 1, 1)))
    noise = strength * torch.from_numpy(rng.standard_normal(shape))
    noise[..., :2, :] *= 3
    return (target + noise) * data_range, target * data_range


def picture_cases(rng: np.random.Generator, smallest: int, largest: int) -> list[Case]:
    """Batches of several and of one, 1 to 4 channels, ranges 1, 255, 1e-3, 1e3; dark pictures."""
    found = []
    for i, (channels, data_range) in enumerate(
        [(3, 1.0), (1, 255.0), (3, 255.0), (2, 1e-3), (4, 1e3), (3, 255.0)]
    ):
        h, w = distinct(rng, 2, smallest, largest)
        batch = 1 if i == 1 else 2 if i == 5 else int(rng.integers(2, 4)) + (channels > 2)
        pair = noisy_pair(rng, (batch, channels, h, w), 40.0 if i == 5 else data_range)
        words = f"{'dark ' * (i == 5)}image{'s' * (batch > 1)}"
        found.append(
            case(f"{batch} {words} of {channels} x {h} x {w}, range {data_range:g}", *pair, data_range)
        )
    return found


def _flat(*errors: float) -> tuple[Tensor, Tensor, float]:
    """Images that are wrong by the same everywhere."""
    target = torch.full((len(errors), 3, 5, 4), 0.5).double()
    return target + torch.tensor(errors).double().reshape(-1, 1, 1, 1), target, 1.0


def _uneven(rng: np.random.Generator) -> tuple[Tensor, Tensor, float]:
    target = uniform(rng, 1, 1, 3, 4)
    prediction = target.clone()
    prediction[0, 0, 1, 2] += math.sqrt(0.12)
    return prediction, target, 1.0


def _pair(rng: np.random.Generator) -> tuple[Tensor, Tensor, float]:
    return (*noisy_pair(rng, (2, 3, 9, 8), 1.0), 1.0)


def _db(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def _mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().mean((1, 2, 3))


def _mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().mean((1, 2, 3))


def _pooled(x: Tensor, y: Tensor, r: float) -> Tensor:
    return 10 * (r**2 / F.mse_loss(x, y)).log10()


def _luma(x: Tensor, r: float) -> Tensor:
    """Y of BT.601 in studio range: 16 to 235 of 255."""
    weights = x.new_tensor([65.481, 128.553, 24.966])
    return (torch.einsum("bchw,c->bhw", x[:, :3], weights)[:, None] + 16 * r) / 255


POOLED = "the MSE is pooled over the batch before the logarithm; PSNR is per image, then averaged"
OWN = "the data range is taken from the pixels instead of the argument data_range"
MAE = "the error is the mean absolute one (MAE); PSNR is about the mean squared one (MSE)"
TWENTY = "20 log10 is taken of L^2 / MSE or L / MSE; 20 belongs to the root, L / RMSE"
CROPS = [
    wrong(
        f"a border of {n} is cropped; this contract crops nothing",
        lambda x, y, r, n=n: psnr_border(x, y, r, n),
    )
    for n in (1, 2, 3, 4)
]

SIBLING = Exercise(
    id="metrics.psnr_border",
    parameters="prediction, target, data_range, border",
    summary=CONTRACT
    + " Before all this, `border` rows and columns are cut off at each of the four sides; 0 cuts nothing.",
    minutes=12,
    difficulty=2,
    importance=5,
    points=4,
    oracle=psnr_border,
    cases=lambda rng: [
        case(f"{c.name}, border {n}", *c.args, n)
        for c, n in zip(picture_cases(rng, 9, 18), (2, 1, 3, 4, 0, 2), strict=True)
    ],
    properties=(
        invariant(
            "what lies within the border does not count",
            lambda rng: (*_pair(rng), 2),
            lambda x, y, r, n: (x + F.pad(torch.zeros(5, 4), (2, 2, 2, 2), value=1.0), y, r, n),
        ),
        known_value(
            "images with errors 0.1 and 0.01: the mean is 30 dB",
            lambda rng: (*_flat(0.1, 0.01), 1),
            lambda *_: _db(30.0),
        ),
        known_value(
            "identical images have infinite PSNR", lambda rng: (*_flat(0.0), 0), lambda *_: _db(math.inf)
        ),
    ),
    misconceptions=(
        wrong("the border is not cropped", lambda x, y, r, n: psnr(x, y, r)),
        wrong(
            "the border is cropped at the top and left alone",
            lambda x, y, r, n: psnr(x[..., n:, n:], y[..., n:, n:], r),
        ),
        wrong(
            "the border is set to zero instead of cut off, so that it still counts as pixels",
            lambda x, y, r, n: psnr(_blanked(x, n), _blanked(y, n), r),
        ),
        wrong(POOLED, lambda x, y, r, n: _pooled(_cropped(x, n), _cropped(y, n), r)),
    ),
)

EXERCISE = Exercise(
    id="metrics.psnr",
    parameters="prediction, target, data_range",
    summary=CONTRACT,
    minutes=10,
    difficulty=2,
    importance=5,
    points=4,
    oracle=psnr,
    cases=lambda rng: picture_cases(rng, 9, 18),
    properties=(
        known_value(
            "an error of 0.1 everywhere, range 1, is 20 dB", lambda rng: _flat(0.1), lambda *_: _db(20.0)
        ),
        known_value(
            "one pixel of 12 wrong by the root of 0.12 is 20 dB: squared errors are averaged",
            _uneven,
            lambda *_: _db(20.0),
        ),
        known_value(
            "images with errors 0.1 and 0.01 have 20 and 40 dB: the mean is 30",
            lambda rng: _flat(0.1, 0.01),
            lambda *_: _db(30.0),
        ),
        invariant(
            "the unit does not matter: psnr(255 x, 255 y, 255) = psnr(x, y, 1)",
            _pair,
            lambda x, y, r: (255 * x, 255 * y, 255 * r),
        ),
        known_value(
            "a black target is no special case: an error of 0.1, range 1, is 20 dB",
            lambda rng: (_flat(0.1)[0] - 0.5, _flat(0.1)[1] * 0, 1.0),
            lambda *_: _db(20.0),
        ),
        known_value(
            "identical images have infinite PSNR", lambda rng: _flat(0.0, 0.0), lambda *_: _db(math.inf)
        ),
        known_value(
            "one identical image makes the mean infinite",
            lambda rng: _flat(0.0, 0.1),
            lambda *_: _db(math.inf),
        ),
        depends_on(
            "the border counts",
            _pair,
            lambda x, y, r: (x + F.pad(torch.zeros(7, 6), (1, 1, 1, 1), value=1.0), y, r),
        ),
    ),
    misconceptions=(
        wrong("the data range is taken as 1 whatever was given", lambda x, y, r: psnr(x, y, 1.0)),
        wrong("the data range is taken as 255 whatever was given", lambda x, y, r: psnr(x, y, 255.0)),
        wrong(OWN, lambda x, y, r: psnr(x, y, float(x.max()))),
        wrong(OWN, lambda x, y, r: psnr(x, y, float(y.max()))),
        wrong(OWN, lambda x, y, r: psnr(x, y, float(y.max() - y.min()))),
        wrong(OWN, lambda x, y, r: _pooled(x, y, float(y.max()))),
        wrong(
            "the data range is not squared: 10 log10(L^2 / MSE)",
            lambda x, y, r: (10 * (r / _mse(x, y)).log10()).mean(),
        ),
        wrong(
            "10 log10 is taken of L / RMSE; with the root it must be 20", lambda x, y, r: psnr(x, y, r) / 2
        ),
        wrong(TWENTY, lambda x, y, r: 2 * psnr(x, y, r)),
        wrong(TWENTY, lambda x, y, r: (20 * (r / _mse(x, y)).log10()).mean()),
        wrong(
            "the natural logarithm is used; decibels need log10", lambda x, y, r: psnr(x, y, r) * math.log(10)
        ),
        wrong(
            "the logarithm to base 2 is used; decibels need log10",
            lambda x, y, r: psnr(x, y, r) * math.log2(10),
        ),
        wrong(MAE, lambda x, y, r: (20 * (r / _mae(x, y)).log10()).mean()),
        wrong(MAE, lambda x, y, r: (10 * (r**2 / _mae(x, y)).log10()).mean()),
        wrong("the fraction is upside down, so that the sign is wrong", lambda x, y, r: -psnr(x, y, r)),
        wrong("the logarithm is missing", lambda x, y, r: (r**2 / _mse(x, y)).mean()),
        wrong(POOLED, _pooled),
        wrong(
            f"the data range is taken as 1 whatever was given; and {POOLED}",
            lambda x, y, r: _pooled(x, y, 1.0),
        ),
        wrong(
            "the PSNRs of the channels are averaged; the MSE runs over all channels of an image",
            lambda x, y, r: psnr(x.flatten(0, 1)[:, None], y.flatten(0, 1)[:, None], r),
        ),
        wrong("the PSNRs of the images are summed, not averaged", lambda x, y, r: psnr(x, y, r) * len(x)),
        wrong(
            "the median over the images is taken, not the mean",
            lambda x, y, r: (10 * (r**2 / _mse(x, y)).log10()).median(),
        ),
        wrong(
            "RGB is turned into luma Y first; this contract is about all channels",
            lambda x, y, r: psnr(_luma(x, r), _luma(y, r), r),
        ),
        wrong(
            "the channels are averaged to grey first; this contract is about all channels",
            lambda x, y, r: psnr(x.mean(1, True), y.mean(1, True), r),
        ),
        *CROPS,
        wrong(
            "RGB is turned into luma Y and a border of 4 is cropped; this contract does neither",
            lambda x, y, r: psnr_border(_luma(x, r), _luma(y, r), r, 4),
        ),
        wrong(
            "pixels are clamped to the data range; this contract clamps nothing",
            lambda x, y, r: psnr(x.clamp(0, r), y.clamp(0, r), r),
        ),
        wrong(
            "pixels are rounded to 8 bits; this contract rounds nothing",
            lambda x, y, r: psnr((x / r * 255).round(), (y / r * 255).round(), 255.0),
        ),
    ),
    sibling=SIBLING,
    ours="paperlens.metrics.pixels.psnr",
)
