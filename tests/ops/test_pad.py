"""Padding divides, keeps the picture in place, and comes back."""

import pytest
import torch

from paperlens.ops.pad import pad_to


@pytest.mark.parametrize("mode", ["reflect", "replicate", "constant"])
@pytest.mark.parametrize(("height", "width", "multiple"), [(13, 21, 8), (16, 8, 8), (9, 10, 1), (7, 5, 4)])
def test_pads_right_and_below_and_crops_back(mode: str, height: int, width: int, multiple: int) -> None:
    image = torch.rand(2, 3, height, width)
    padded, crop = pad_to(image, multiple, mode)
    assert not padded.shape[-2] % multiple
    assert not padded.shape[-1] % multiple
    assert torch.equal(padded[..., :height, :width], image)
    assert torch.equal(crop(padded), image)
    twice = padded.repeat_interleave(2, -1).repeat_interleave(2, -2)
    assert crop(twice, 2).shape == (2, 3, 2 * height, 2 * width)


def test_reflection_repeats_what_lies_inside() -> None:
    padded, _ = pad_to(torch.arange(5.0).reshape(1, 1, 1, 5).repeat(1, 1, 5, 1), 8)
    assert padded[0, 0, 0].tolist() == [0, 1, 2, 3, 4, 3, 2, 1]


def test_too_small_a_side_is_told_with_both_numbers() -> None:
    with pytest.raises(ValueError, match="height 3 cannot be reflected by 5 to a multiple of 8"):
        pad_to(torch.zeros(1, 1, 3, 16), 8)
    with pytest.raises(ValueError, match="multiple must be at least 1, found 0"):
        pad_to(torch.zeros(1, 1, 3, 16), 0)
