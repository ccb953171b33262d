"""What only AlexNet promises."""

import torch

from paperlens.models import build


def reached(groups):
    """Which maps of the first layer reach the first half of the second layer's maps, and of the third's."""
    torch.manual_seed(0)
    model = build("alexnet", "tiny", groups=groups).double()
    seen = []
    for layers in (model.features[4:5], model.features[4:9]):
        maps = torch.randn(1, 8, 7, 7, dtype=torch.float64, requires_grad=True)
        half = layers(maps).shape[1] // 2
        layers(maps)[:, :half].sum().backward()
        seen.append((maps.grad != 0).flatten(2).any(2)[0].tolist())
    return seen


def test_only_the_third_layer_sees_both_devices():
    assert reached(2) == [[True] * 4 + [False] * 4, [True] * 8]
    assert reached(1) == [[True] * 8, [True] * 8]


def test_dropout_acts_in_training_alone():
    torch.manual_seed(0)
    image = torch.rand(1, 3, 67, 67)
    model = build("alexnet", "tiny")
    assert not torch.equal(model(image), model(image))
    assert torch.equal(model.eval()(image), model(image))
