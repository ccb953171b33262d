"""Bicubic resizing equals Pillow at its border and MATLAB's definition at the other."""

import math

import numpy as np
import pytest
import torch
from PIL import Image

from paperlens.ops.resample import bicubic

SIZES = [
    ((13, 18), (7, 9)),
    ((13, 18), (31, 37)),
    ((24, 16), (6, 4)),
    ((11, 10), (11, 10)),
    ((9, 40), (18, 5)),
]


def _picture(h, w, dtype=torch.float64, seed=0):
    return torch.rand(2, 3, h, w, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize(("old", "new"), SIZES)
def test_renormalise_is_pillow(old, new):
    image = _picture(*old)
    ours = bicubic(image, size=new)
    theirs = np.stack(
        [
            [
                np.asarray(
                    Image.fromarray(c.numpy().astype(np.float32)).resize(new[::-1], Image.Resampling.BICUBIC)
                )
                for c in item
            ]
            for item in image
        ]
    )
    assert np.abs(ours.numpy() - theirs).max() < 1e-6


def _matlab(column, scale, antialias):
    """imresize's definition for one column, one output after the other."""
    length = len(column)
    output = math.ceil(length * scale)
    shrink = min(scale, 1.0) if antialias else 1.0

    def kernel(x):
        x = abs(x)
        if x <= 1:
            return 1.5 * x**3 - 2.5 * x**2 + 1
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x <= 2 else 0.0

    values = []
    for i in range(1, output + 1):
        u = i / scale + 0.5 * (1 - 1 / scale)
        width = 4 / shrink
        left = math.floor(u - width / 2)
        total = norm = 0.0
        for index in range(left, left + math.ceil(width) + 2):
            weight = shrink * kernel(shrink * (u - index))
            mirrored = list(range(1, length + 1)) + list(range(length, 0, -1))
            total += weight * column[mirrored[(index - 1) % (2 * length)] - 1]
            norm += weight
        values.append(total / norm)
    return values


@pytest.mark.parametrize("scale", [0.5, 0.25, 1 / 3, 0.4, 2, 3, 1.7])
@pytest.mark.parametrize("antialias", [True, False])
def test_symmetric_is_matlab(scale, antialias):
    image = _picture(13, 17)
    rows = np.apply_along_axis(_matlab, 2, image.numpy(), scale, antialias)
    expected = np.apply_along_axis(_matlab, 3, rows, scale, antialias)
    ours = bicubic(image, scale, border="symmetric", antialias=antialias)
    assert ours.shape == expected.shape
    assert np.abs(ours.numpy() - expected).max() < 1e-12


def test_antialiasing_removes_stripes_and_keeps_constants():
    stripes = torch.tensor([0.0, 1.0], dtype=torch.float64).repeat(20).expand(1, 1, 10, 40).clone()
    assert (bicubic(stripes, 1 / 4) - 0.5).abs().max() < 0.05
    folded = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64).repeat(20).expand(1, 1, 9, 60).clone()
    assert bicubic(folded, 1 / 4, antialias=False).std() > 5 * bicubic(folded, 1 / 4).std()
    for border in ("renormalise", "symmetric"):
        flat = torch.full((1, 2, 7, 12), 0.37, dtype=torch.float64)
        assert torch.allclose(bicubic(flat, 2.5, border=border), torch.tensor(0.37, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("border", ["renormalise", "symmetric"])
def test_pure_differentiable_and_of_the_same_dtype(dtype, border):
    image = _picture(9, 14, dtype).requires_grad_()
    before = image.detach().clone()
    small = bicubic(image, 0.5, border=border)
    assert small.shape == (2, 3, 5, 7)
    assert small.dtype == dtype
    small.sum().backward()
    assert torch.isfinite(image.grad).all()
    assert image.grad.abs().sum() > 0
    assert torch.equal(before, image.detach())


def test_gradient_is_the_adjoint():
    x, y = _picture(8, 11).requires_grad_(), _picture(16, 22, seed=1)
    forward = (bicubic(x, 2) * y).sum()
    (adjoint,) = torch.autograd.grad(forward, x)
    assert torch.allclose((adjoint * x).sum(), forward)


@pytest.mark.parametrize(("h", "scale", "new"), [(30, 1 / 3, 10), (10, 0.3, 3), (7, 0.5, 4), (33, 1 / 3, 11)])
def test_sides_are_rounded_up_but_not_by_rounding_error(h, scale, new):
    assert bicubic(_picture(h, 12), scale).shape[2] == new


def test_bad_arguments_name_both_numbers():
    image = _picture(5, 6)
    for arguments, words in [
        ({}, "either"),
        ({"scale": 2.0, "size": (3, 4)}, "either"),
        ({"scale": -1.0}, "-1"),
        ({"size": (0, 4)}, "0 x 4"),
    ]:
        with pytest.raises(ValueError, match=words):
            bicubic(image, **arguments)
