"""SFTGAN: another prior, another texture, and only where the prior differs."""

import pytest
import torch

from paperlens.models import build


@pytest.mark.parametrize("preset", ["tiny", "tiny_retrained"])
def test_the_prior_changes_the_picture_where_it_differs_and_nowhere_far(preset):
    torch.manual_seed(0)
    model = build("sftgan", preset).double().eval()
    image = torch.rand(1, 3, 6, 40, dtype=torch.float64)
    sky = torch.zeros(1, 3, 24, 160, dtype=torch.float64)
    sky[:, 0] = 1
    mixed = sky.clone()
    mixed[:, 0, :, 80:], mixed[:, 1, :, 80:] = 0, 1  # the right half is another class
    change = (model(image, sky) - model(image, mixed)).abs().amax(dim=(0, 1, 2))
    assert change[100:].min() > 0
    assert change[:20].max() == 0  # further than the convolutions reach


def test_a_prior_of_another_size_or_number_of_classes_is_told_with_both_numbers():
    model, image = build("sftgan", "tiny"), torch.rand(1, 3, 4, 5)
    with pytest.raises(ValueError, match=r"the prior has 8 channels, this model takes 3"):
        model(image, torch.rand(1, 8, 16, 20))
    with pytest.raises(ValueError, match=r"20 for 5, not 18"):
        model(image, torch.rand(1, 3, 16, 18))
