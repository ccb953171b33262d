"""The centred FFT against its definition, and the properties every later experiment leans on."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paperlens.ops.coils import expand, reduce, root_sum_of_squares
from paperlens.ops.fourier import fft2c, ifft2c

SIZES = st.tuples(st.integers(1, 3), st.integers(1, 13), st.integers(1, 12))


def complex_noise(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.complex(*(torch.randn(*shape, generator=generator, dtype=torch.float64) for _ in range(2)))


@given(SIZES)
@settings(deadline=None, max_examples=30)
def test_matches_the_definition(size: tuple[int, int, int]) -> None:
    """The sum over pixels, written from the formula, with both origins at n//2."""
    image = complex_noise(*size)
    _, h, w = size
    rows = np.arange(h) - h // 2
    columns = np.arange(w) - w // 2
    left = np.exp(-2j * np.pi * np.outer(rows, rows) / h) / np.sqrt(h)
    right = np.exp(-2j * np.pi * np.outer(columns, columns) / w) / np.sqrt(w)
    np.testing.assert_allclose(fft2c(image).numpy(), left @ image.numpy() @ right, atol=1e-12)


@given(SIZES)
@settings(deadline=None, max_examples=30)
def test_round_trip_parseval_and_adjoint(size: tuple[int, int, int]) -> None:
    image, kspace = complex_noise(*size), complex_noise(*size, seed=1)
    torch.testing.assert_close(ifft2c(fft2c(image)), image)
    torch.testing.assert_close(fft2c(ifft2c(kspace)), kspace)
    torch.testing.assert_close(fft2c(image).abs().square().sum(), image.abs().square().sum())
    left, right = (
        torch.vdot(kspace.flatten(), fft2c(image).flatten()),
        torch.vdot(ifft2c(kspace).flatten(), image.flatten()),
    )
    torch.testing.assert_close(left, right)


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (6, 5)])
def test_a_constant_is_one_sample_at_the_centre(size: tuple[int, int]) -> None:
    kspace = fft2c(torch.ones(size, dtype=torch.float64))
    expected = torch.zeros_like(kspace)
    expected[size[0] // 2, size[1] // 2] = (size[0] * size[1]) ** 0.5
    torch.testing.assert_close(kspace, expected)


def test_precision_follows_the_input_and_inputs_stay() -> None:
    image = torch.rand(3, 5)
    before = image.clone()
    assert fft2c(image).dtype == torch.complex64
    assert fft2c(image.double()).dtype == torch.complex128
    assert torch.equal(image, before)


@given(st.integers(1, 4), st.integers(2, 7), st.integers(2, 6))
@settings(deadline=None, max_examples=20)
def test_expand_and_reduce_are_adjoint(q: int, h: int, w: int) -> None:
    maps, image, coils = (
        complex_noise(2, q, h, w),
        complex_noise(2, h, w, seed=1),
        complex_noise(2, q, h, w, seed=2),
    )
    left = torch.vdot(coils.flatten(), expand(image, maps).flatten())
    right = torch.vdot(reduce(coils, maps).flatten(), image.flatten())
    torch.testing.assert_close(left, right)


def test_root_sum_of_squares_by_hand() -> None:
    coils = torch.tensor([3 + 0j, 0 + 4j]).reshape(1, 2, 1, 1)
    assert root_sum_of_squares(coils).item() == 5
    assert root_sum_of_squares(coils).dtype == torch.float32
