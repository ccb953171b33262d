"""Bicubic against Pillow, against MATLAB's definition written as a loop, and against what it must do to stripes."""

import math

import numpy as np
import pytest
import torch
from PIL import Image

from paperlens.ops.resample import bicubic

SIZES = [
    ((24, 36), (12, 18)),
    ((25, 37), (9, 14)),
    ((7, 9), (20, 31)),
    ((30, 17), (31, 5)),
    ((5, 5), (1, 1)),
    ((13, 8), (13, 8)),
]


@pytest.mark.parametrize(("old", "new"), SIZES)
def test_renormalise_is_pillow(old: tuple[int, int], new: tuple[int, int]) -> None:
    image = np.random.default_rng(0).random(old).astype(np.float32)
    pillow = np.asarray(Image.fromarray(image, mode="F").resize(new[::-1], Image.Resampling.BICUBIC))
    ours = bicubic(torch.from_numpy(image).double()[None, None], size=new)[0, 0]
    assert np.abs(ours.numpy() - pillow).max() < 1e-6


def cubic(x: float) -> float:
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x <= 2 else 0.0


def imresize_axis(signal: np.ndarray, scale: float, *, antialias: bool) -> np.ndarray:
    """MATLAB's imresize along the first axis, in its own one-based terms: u = x/s + (1 - 1/s)/2, mirrored indices."""
    n, shrink = len(signal), antialias and scale < 1
    width = 4 / scale if shrink else 4.0
    mirrored = [*range(1, n + 1), *range(n, 0, -1)]
    out = []
    for x in range(1, math.ceil(n * scale - 1e-9) + 1):
        u = x / scale + 0.5 * (1 - 1 / scale)
        left = math.floor(u - width / 2)
        taps = [left + k for k in range(math.ceil(width) + 2)]
        weight = [scale * cubic(scale * (u - t)) if shrink else cubic(u - t) for t in taps]
        out.append(
            sum(w * signal[mirrored[(t - 1) % (2 * n)] - 1] for w, t in zip(weight, taps, strict=True))
            / sum(weight)
        )
    return np.stack(out)


@pytest.mark.parametrize("shape", [(24, 36), (25, 14), (7, 9), (4, 3)])
@pytest.mark.parametrize("scale", [1 / 2, 1 / 3, 1 / 4, 0.4, 1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("antialias", [True, False])
def test_symmetric_is_matlab(shape: tuple[int, int], scale: float, antialias: bool) -> None:
    image = np.random.default_rng(1).random(shape)
    slow = imresize_axis(imresize_axis(image, scale, antialias=antialias).T, scale, antialias=antialias).T
    ours = bicubic(torch.from_numpy(image)[None, None], scale, antialias=antialias, border="symmetric")[0, 0]
    assert ours.shape == slow.shape
    assert np.abs(ours.numpy() - slow).max() < 1e-12


@pytest.mark.parametrize("border", ["renormalise", "symmetric"])
def test_constants_stay_and_stripes_do_not_alias(border: str) -> None:
    flat = torch.full((2, 3, 11, 14), 0.37, dtype=torch.float64)
    torch.testing.assert_close(
        bicubic(flat, 0.4, border=border), torch.full((2, 3, 5, 6), 0.37, dtype=torch.float64)
    )
    # Three pixels a period hold on the large grid; every third pixel alone would be a constant 0 or 1.
    stripes = (torch.arange(48) % 3 == 0).double().expand(1, 1, 48, 48)
    smooth = bicubic(stripes, 1 / 3, border=border)[..., 3:-3]
    assert (smooth - 1 / 3).abs().max() < 0.02
    plain = bicubic(stripes, 1 / 3, antialias=False, border=border)[..., 3:-3]
    assert (plain - 1 / 3).abs().max() > 0.3


def test_gradient_dtype_and_axes() -> None:
    image = torch.rand(2, 3, 6, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: bicubic(x, 1.5), image)
    assert bicubic(image.detach().float(), 0.5).dtype == torch.float32
    ramp = torch.arange(20.0).expand(1, 1, 8, 20)  # only across: rows must stay alike
    assert bicubic(ramp, 2.0).std(-2).max() < 1e-5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "either scale or size"),
        ({"scale": 2.0, "size": (4, 4)}, "either scale or size"),
        ({"scale": -1.0}, "-1.0"),
        ({"scale": math.nan}, "nan"),
        ({"size": (0, 3)}, "0 x 3"),
    ],
)
def test_bad_arguments_are_named(arguments: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        bicubic(torch.zeros(1, 1, 4, 4), **arguments)
