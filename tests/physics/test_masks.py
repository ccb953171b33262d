"""Line counts of the published masks, and the centre that every mask keeps."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paperlens.physics.masks import (
    acceleration_of,
    equispaced_fraction_mask,
    equispaced_mask,
    random_mask,
    undersample,
)


@pytest.mark.parametrize(
    ("draw", "lines_at_4", "lines_at_8"),
    [(random_mask, 84, 44), (equispaced_mask, 113, 59), (equispaced_fraction_mask, 92, 47)],
)
def test_published_line_counts(draw, lines_at_4: int, lines_at_8: int) -> None:
    assert int(draw(368, 4, 0.08, 123).sum()) == lines_at_4
    assert int(draw(368, 8, 0.04, 123).sum()) == lines_at_8


def test_published_mask_of_a_file_name() -> None:
    mask = random_mask(368, 4, 0.08, "file1000001.h5")
    assert int(mask.sum()) == 81
    assert mask.nonzero()[:8, 0].tolist() == [3, 6, 7, 11, 15, 16, 31, 35]
    assert torch.equal(mask, random_mask(368, 4, 0.08, "file1000001.h5"))
    assert not torch.equal(mask, random_mask(368, 4, 0.08, "file1000002.h5"))


@given(st.integers(24, 90), st.sampled_from([2, 3, 4, 6]), st.floats(0.02, 0.14), st.integers(0, 99))
@settings(deadline=None)
def test_the_centre_is_always_kept(width: int, acceleration: int, fraction: float, seed: int) -> None:
    kept = round(width * fraction)
    start = (width - kept + 1) // 2
    for draw in (random_mask, equispaced_mask, equispaced_fraction_mask):
        mask = draw(width, acceleration, fraction, seed)
        assert mask.dtype == torch.bool
        assert mask.shape == (width,)
        assert mask[start : start + kept].all()


def test_equispaced_without_a_seed_starts_at_zero() -> None:
    assert equispaced_mask(12, 3, 0.17).nonzero()[:, 0].tolist() == [0, 3, 5, 6, 9]


def test_fraction_reaches_the_nominal_acceleration() -> None:
    assert acceleration_of(equispaced_fraction_mask(368, 4, 0.08, 5)) == pytest.approx(4, rel=0.02)
    assert acceleration_of(equispaced_mask(368, 4, 0.08, 5)) == pytest.approx(3.26, rel=0.02)


def test_undersample_zeroes_what_was_not_measured() -> None:
    kspace = torch.randn(2, 3, 8, dtype=torch.complex64)
    mask = equispaced_mask(8, 4, 0.25)
    result = undersample(kspace, mask)
    assert torch.equal(result[..., mask], kspace[..., mask])
    assert (result[..., ~mask] == 0).all()


def test_contradictory_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="64 central columns exceed 128/4"):
        random_mask(128, 4, 0.5, 0)
    with pytest.raises(ValueError, match="64 central columns exceed 128/4"):
        equispaced_fraction_mask(128, 4, 0.5, 0)
    with pytest.raises(ValueError, match=r"center_fraction 1\.5"):
        equispaced_mask(128, 4, 1.5)
