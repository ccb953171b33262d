"""Truncation, zero filling and grids: what stays, what moves, and by how much."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paperlens.ops.fourier import fft2c, ifft2c
from paperlens.ops.resample import bicubic
from paperlens.physics.sampling import (
    crop_centre,
    grid_shift,
    lower_size,
    pad_centre,
    resample_kspace,
    shift,
    to_resize_grid,
    truncate_axis,
    truncate_kspace,
    truncation_positions,
    zero_fill,
)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def blob(size: int, centre: float, width: float = 5.0) -> torch.Tensor:
    axis = torch.arange(size, dtype=torch.float64)
    profile = torch.exp(-((axis - centre) ** 2) / (2 * width**2))
    return profile[:, None] * profile[None, :]


def centroid(image: torch.Tensor) -> float:
    axis = torch.arange(image.shape[-1], dtype=torch.float64)
    return float((image.sum(-2) * axis).sum() / image.sum())


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 12), st.integers(1, 12))
@settings(deadline=None)
def test_crop_and_pad_are_adjoint(h: int, w: int, dh: int, dw: int) -> None:
    large, small = noise(h + dh, w + dw), noise(h, w, seed=1)
    left, right = (
        (crop_centre(large, (h, w)) * small).sum(),
        (large * pad_centre(small, (h + dh, w + dw))).sum(),
    )
    torch.testing.assert_close(left, right)
    assert torch.equal(crop_centre(pad_centre(small, (h + dh, w + dw)), (h, w)), small)


@given(st.integers(4, 15), st.integers(4, 15), st.integers(1, 4))
@settings(deadline=None)
def test_truncation_keeps_the_complex_mean(h: int, w: int, scale: int) -> None:
    image = noise(2, h, w)
    low = ifft2c(resample_kspace(fft2c(image), lower_size((h, w), scale)))
    torch.testing.assert_close(low.real.mean((-1, -2)), image.mean((-1, -2)))
    assert truncate_kspace(image, scale).shape == (2, h // scale, w // scale)


@pytest.mark.parametrize("size", [(12, 8), (13, 9)])
def test_a_constant_stays_a_constant(size: tuple[int, int]) -> None:
    low = truncate_kspace(torch.full(size, 0.7, dtype=torch.float64), 2)
    torch.testing.assert_close(low, torch.full_like(low, 0.7))


@given(st.integers(3, 9), st.integers(3, 9), st.integers(1, 3))
@settings(deadline=None)
def test_zero_filling_is_undone_by_truncation(h: int, w: int, scale: int) -> None:
    """Odd to odd and even to even; an even grid holds a Nyquist line that the larger grid sees on one side
    only.
    """
    low = noise(h, w)
    large = zero_fill(low, (h * scale, w * scale))
    back = ifft2c(resample_kspace(fft2c(large), (h, w)))
    torch.testing.assert_close(back.real, low)


def test_zero_filling_passes_through_the_samples() -> None:
    """Sinc interpolation returns the known values at the known places (odd, so no Nyquist sample is
    halved).
    """
    low = noise(9, 9)
    large = zero_fill(low, (27, 27)).real
    places = truncation_positions(27, 9).long()
    torch.testing.assert_close(large[places][:, places], low)


@pytest.mark.parametrize(
    ("n", "m", "centre"), [(64, 16, 30.0), (60, 20, 28.0), (63, 21, 30.0), (62, 31, 30.0)]
)
def test_where_the_pixels_lie(n: int, m: int, centre: float) -> None:
    """The blob's centroid in the truncated image is where truncation_positions says; moved, where resizing
    puts it.
    """
    image = blob(n, centre)
    low = truncate_kspace(image, n // m)
    expected = (centre - float(truncation_positions(n, m)[0])) * m / n
    assert centroid(low) == pytest.approx(expected, abs=1e-3)
    moved = to_resize_grid(low, (n, n))
    assert centroid(moved) == pytest.approx((centre + 0.5) * m / n - 0.5, abs=1e-3)


def test_the_measured_shift_at_four() -> None:
    """Published measurement: a blob at 30 lands on 7.5 by truncation, 1.5 high-resolution pixels from
    bicubic's 7.125.
    """
    assert centroid(truncate_kspace(blob(64, 30.0), 4)) == pytest.approx(7.5, abs=1e-3)
    assert grid_shift(64, 16) == 1.5


@pytest.mark.parametrize("size", [8, 9])
def test_shift_by_whole_pixels_is_a_roll_and_real_stays_real(size: int) -> None:
    image = noise(size, size)
    torch.testing.assert_close(shift(image, 2, -3).real, image.roll((2, -3), (0, 1)))
    assert shift(image, 0.3, 0.5).imag.abs().max() < 1e-12


def test_one_axis_alone() -> None:
    volume = noise(3, 12, 5)
    low = truncate_axis(volume, 3, dim=1)
    assert low.shape == (3, 4, 5)
    torch.testing.assert_close(low.real.mean(1), volume.mean(1))
    torch.testing.assert_close(
        truncate_axis(truncate_axis(volume, 2, 1), 2, 2).abs(), truncate_kspace(volume, 2)
    )


def test_wrong_sizes_say_both_numbers() -> None:
    with pytest.raises(ValueError, match="crop 9 of 8"):
        crop_centre(noise(8), (9,))
    with pytest.raises(ValueError, match="pad 8 samples to 7"):
        pad_centre(noise(8), (7,))
    with pytest.raises(ValueError, match=r"scale 9 .* \(8, 20\)"):
        truncate_kspace(noise(8, 20), 9)


@pytest.mark.parametrize("scale", [2, 4])
def test_bicubic_and_truncation_agree_on_a_smooth_picture_once_on_one_grid(scale: int) -> None:
    """Side by side they differ by the grid; moved by grid_shift they show the same smooth picture."""
    image = (blob(96, 40.0, 9.0) + 0.5 * blob(96, 60.0, 7.0))[None, None]
    size = (96 // scale,) * 2
    resized, truncated = bicubic(image, size=size), truncate_kspace(image, scale)
    apart = float((resized - truncated).abs().max())
    corrected = float((resized - to_resize_grid(truncated, (96, 96))).abs().max())
    assert corrected < 0.1 * apart
