"""Coils: unit energy, smooth, and one image back out of many; data consistency; slices."""

import pytest
import torch

from paperlens.physics.coils import (
    adaptive_combination,
    adaptive_maps,
    coil_maps,
    expand,
    reduce,
    root_sum_of_squares,
)
from paperlens.physics.consistency import data_consistency
from paperlens.physics.masks import equispaced_mask
from paperlens.physics.slices import acquire_2d, acquire_3d, slice_matrix, transfer


def picture(h: int = 40, w: int = 36) -> torch.Tensor:
    y, x = torch.linspace(-1, 1, h)[:, None], torch.linspace(-1, 1, w)[None, :]
    return 0.5 + (y.square() + x.square() < 0.6).float() + 0.3 * torch.sin(9 * x) * torch.cos(7 * y)


@pytest.mark.parametrize("q", [1, 4, 8])
def test_maps_have_unit_energy_and_are_smooth(q: int) -> None:
    maps = coil_maps(q, 40, 36, torch.Generator().manual_seed(3))
    torch.testing.assert_close(root_sum_of_squares(maps), torch.ones(40, 36))
    assert maps.diff(dim=-1).abs().max() < 0.2
    assert maps.diff(dim=-2).abs().max() < 0.2
    image = picture().to(torch.complex64)
    torch.testing.assert_close(reduce(expand(image, maps), maps), image)


def test_each_coil_sees_its_own_side() -> None:
    maps = coil_maps(4, 41, 41).abs()
    assert maps[0, 20, -1] > 2 * maps[0, 20, 0]  # the first coil sits on the right
    assert maps[1, -1, 20] > 2 * maps[1, 0, 20]  # the second below


def test_adaptive_combination_finds_the_maps() -> None:
    maps = coil_maps(6, 40, 36, torch.Generator().manual_seed(0))
    image = picture().to(torch.complex64)
    coils = expand(image, maps)[None]
    torch.testing.assert_close(adaptive_combination(coils)[0].abs(), image.abs(), rtol=0.03, atol=0.01)
    overlap = (adaptive_maps(coils)[0].conj() * maps).sum(0).abs()
    assert overlap.min() > 0.975  # the window averages over 7 pixels


def test_the_map_of_the_strongest_coil_is_real_so_its_phase_stays() -> None:
    image = picture() * torch.polar(torch.ones(40, 36), 2 * picture())
    coils = expand(image, coil_maps(5, 40, 36, torch.Generator().manual_seed(4)))
    strongest = int(coils.abs().square().sum((-1, -2)).argmax())
    own = adaptive_maps(coils)[strongest]
    assert own.imag.abs().max() < 1e-5 and own.real.min() >= 0


def test_adaptive_combination_is_quieter_than_the_sum_of_squares() -> None:
    generator = torch.Generator().manual_seed(1)
    maps = coil_maps(8, 48, 48, generator)
    noise = torch.complex(
        torch.randn(8, 48, 48, generator=generator), torch.randn(8, 48, 48, generator=generator)
    )
    dark = torch.zeros(48, 48, dtype=torch.complex64)
    dark[:, :24] = 1
    coils = expand(dark, maps) + 0.05 * noise
    assert adaptive_combination(coils)[:, 30:].abs().mean() < 0.8 * root_sum_of_squares(coils)[:, 30:].mean()


def test_even_window_and_no_coil_are_refused() -> None:
    with pytest.raises(ValueError, match="window is 4"):
        adaptive_maps(torch.ones(2, 5, 5, dtype=torch.complex64), window=4)
    with pytest.raises(ValueError, match="coils is 0"):
        coil_maps(0, 4, 4)


def test_data_consistency_keeps_the_measured_and_only_the_measured() -> None:
    prediction, measured = (torch.randn(2, 5, 8, dtype=torch.complex64) for _ in range(2))
    mask = equispaced_mask(8, 4, 0.25)
    result = data_consistency(prediction, measured, mask)
    assert torch.equal(result[..., mask], measured[..., mask])
    assert torch.equal(result[..., ~mask], prediction[..., ~mask])
    soft = data_consistency(prediction, measured, mask, weight=3.0)
    torch.testing.assert_close(soft[..., mask], 0.25 * prediction[..., mask] + 0.75 * measured[..., mask])
    torch.testing.assert_close(data_consistency(result, measured, mask), result)


@pytest.mark.parametrize("profile", ["box", "gaussian"])
def test_slices_average_and_fill_the_volume(profile: str) -> None:
    weights = slice_matrix(12, 3, 3, profile)
    assert weights.shape == (4, 12)
    torch.testing.assert_close(weights.sum(1), torch.ones(4, dtype=torch.float64))
    centres = weights @ torch.arange(12, dtype=torch.float64)
    torch.testing.assert_close(centres[1:3], torch.tensor([4.0, 7.0], dtype=torch.float64), rtol=0, atol=0.01)


def test_a_box_of_three_planes_by_hand() -> None:
    expected = torch.tensor([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]], dtype=torch.float64) / 3
    torch.testing.assert_close(slice_matrix(6, 3, 3, "box"), expected)


def test_two_dimensional_slices_alias_and_three_dimensional_do_not() -> None:
    """A wave above the new Nyquist frequency: thin 2D slices turn it into a false slow wave, truncation
    removes it.
    """
    planes = torch.arange(48, dtype=torch.float64)
    fast = (1 + torch.cos(2 * torch.pi * 10 * planes / 48))[
        :, None, None
    ]  # 10 cycles; 12 planes hold 6 at most
    assert acquire_2d(fast, 4, 1, "box").std() > 0.5
    torch.testing.assert_close(acquire_3d(fast, 4), torch.ones(12, 1, 1, dtype=torch.float64))


def test_thicker_slices_pass_less_of_the_high_frequencies() -> None:
    thin, thick = (transfer(slice_matrix(48, 4, thickness)).abs() for thickness in (1, 6))
    assert thin[0] == pytest.approx(1)
    assert thick[7:].max() < 0.1 < thin[7:].max()


def test_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="'sinc' is not one of"):
        slice_matrix(8, 2, 2, "sinc")
