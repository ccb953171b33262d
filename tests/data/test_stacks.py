"""Aligned crops: the same place on every grid, decided by the generator alone."""

import pytest
import torch

from paperlens.data.stacks import AlignedCrops


def ramps(scale: int) -> torch.Tensor:
    """Five slices whose values say slice, row and column of the coarse grid."""
    y, x = torch.meshgrid(torch.arange(12 * scale) // scale, torch.arange(10 * scale) // scale, indexing="ij")
    return torch.stack([1000.0 * n + 20 * y + x for n in range(5)])[:, None]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_crops_show_the_same_place_on_every_grid() -> None:
    """On the truncation grid, where a coarse pixel is the first of its block; a mirrored crop would not be."""
    high = torch.rand(5, 1, 48, 40, generator=generator(9))
    source = AlignedCrops(stacks=(high[..., ::4, ::4], high), batch=16, patch=5)
    low, fine = source(0, generator())
    assert low.shape == (16, 1, 5, 5)
    assert fine.shape == (16, 1, 20, 20)
    assert torch.equal(low, fine[..., ::4, ::4])


def test_half_of_the_crops_are_mirrored_on_one_grid() -> None:
    source = AlignedCrops(stacks=(ramps(1), ramps(1) + 0.5), batch=200, patch=6)
    first, second = source(0, generator())
    assert torch.equal(first + 0.5, second)
    mirrored = (first[..., 0] > first[..., -1]).all(-1).all(-1)
    assert 0.4 < float(mirrored.float().mean()) < 0.6


def test_the_generator_decides_and_reaches_everything() -> None:
    source = AlignedCrops(stacks=(ramps(1),), batch=300, patch=9)
    (first,), (again,), (other,) = source(0, generator(1)), source(7, generator(1)), source(0, generator(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    corner = first.amin((1, 2, 3))
    assert set((corner // 1000).tolist()) == {0, 1, 2, 3, 4}
    assert set(((corner % 1000) // 20).tolist()) == {0, 1, 2, 3}
    assert set((corner % 20).tolist()) == {0, 1}


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="patch 11 does not fit into slices of 12 x 10"):
        AlignedCrops(stacks=(ramps(1),), batch=1, patch=11)
    with pytest.raises(ValueError, match="5 slices of 24 x 15 are no whole multiple"):
        AlignedCrops(stacks=(ramps(1), torch.zeros(5, 1, 24, 15)), batch=1, patch=4)
