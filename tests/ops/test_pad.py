"""Padding reaches the next multiple and is undone exactly."""

import pytest
import torch

from paperlens.ops.pad import pad_to


@pytest.mark.parametrize("mode", ["reflect", "replicate", "constant"])
@pytest.mark.parametrize(("h", "w", "multiple"), [(13, 18, 8), (8, 16, 8), (3, 5, 16), (2, 40, 9), (7, 7, 1)])
def test_pads_to_the_next_multiple_and_back(h, w, multiple, mode):
    image = torch.rand(2, 3, h, w)
    padded, crop = pad_to(image, multiple, mode)
    assert padded.shape[2] % multiple == padded.shape[3] % multiple == 0
    assert padded.shape[2] - h < multiple
    assert padded.shape[3] - w < multiple
    assert torch.equal(padded[..., :h, :w], image)
    assert torch.equal(crop(padded), image)


def test_crop_follows_the_scale_of_a_result():
    padded, crop = pad_to(torch.rand(1, 3, 13, 18), 8)
    assert crop(torch.rand(1, 1, 3 * padded.shape[2], 3 * padded.shape[3])).shape == (1, 1, 39, 54)
    assert crop(torch.rand(1, 9, padded.shape[2] // 2, padded.shape[3] // 2)).shape == (1, 9, 6, 9)


def test_reflection_mirrors_without_the_border():
    image = torch.arange(5.0).expand(1, 1, 5, 5)
    assert pad_to(image, 8)[0][0, 0, 0].tolist() == [0, 1, 2, 3, 4, 3, 2, 1]
    assert pad_to(image[..., :2], 8)[0][0, 0, 0].tolist() == [0, 1, 0, 1, 0, 1, 0, 1]
    assert pad_to(image, 8, "constant")[0][0, 0, 0].tolist() == [0, 1, 2, 3, 4, 0, 0, 0]


def test_gradients_pass_and_one_pixel_is_refused():
    image = torch.rand(1, 1, 3, 5, requires_grad=True)
    pad_to(image, 4)[0].sum().backward()
    assert image.grad.min() >= 1
    with pytest.raises(ValueError, match="1 x 5"):
        pad_to(torch.rand(1, 1, 1, 5), 4)
    with pytest.raises(ValueError, match="got 0"):
        pad_to(torch.rand(1, 1, 2, 5), 0)
