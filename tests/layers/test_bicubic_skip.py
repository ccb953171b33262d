import numpy as np
import pytest
import torch
from PIL import Image

from paperlens.layers.bicubic_skip import enlarge, start_at_zero
from paperlens.models import build


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_enlarge_is_pillows_bicubic(scale):
    image = torch.rand(1, 1, 9, 13)
    pillow = Image.fromarray(image[0, 0].numpy()).resize((13 * scale, 9 * scale), Image.Resampling.BICUBIC)
    assert np.abs(enlarge(image, scale)[0, 0].numpy() - np.asarray(pillow)).max() < 1e-6


@pytest.mark.parametrize("name", ["swinir", "edsr"])
def test_an_untrained_small_network_is_the_enlargement(name):
    image = torch.rand(2, 3, 11, 19)
    with torch.no_grad():
        assert torch.equal(build(name, "small")(image), enlarge(image, 2))


def test_start_at_zero_touches_the_last_convolution_alone():
    head = torch.nn.Sequential(torch.nn.Conv2d(2, 2, 1), torch.nn.ReLU(), torch.nn.Conv2d(2, 2, 1))
    start_at_zero(head)
    assert not head[2].weight.any() and not head[2].bias.any() and head[0].weight.all()
