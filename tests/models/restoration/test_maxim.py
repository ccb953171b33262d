"""What MAXIM promises: blocks mix near pixels, the grid far ones; each of two maps gates the other."""

import pytest
import torch

from paperlens.models import build, published
from paperlens.models.restoration.maxim_blocks import AxisMixing, CrossGating


@pytest.mark.parametrize(
    ("axis", "expected"),
    [("block", [(y, x) for y in (4, 5) for x in (2, 3)]), ("grid", [(y, x) for y in (2, 5) for x in (0, 4)])],
)
def test_which_pixels_meet(axis, expected):
    """On a map of 6 x 8 with side 2: the block around (5, 3); or every third row, every fourth column from there."""
    torch.manual_seed(0)
    mixing = AxisMixing(2, axis)
    y, x = (5, 3) if axis == "block" else (5, 4)
    features = torch.zeros(1, 1, 6, 8)
    moved = features.clone()
    moved[..., y, x] = 1.0
    changed = (mixing(moved) - mixing(features))[0, 0] != 0
    assert [tuple(place) for place in changed.nonzero().tolist()] == expected


def test_weights_of_one_map_gate_the_other():
    torch.manual_seed(0)
    gate = CrossGating(4, 4, 2)
    x, y = torch.randn(2, 1, 4, 4, 4).unbind()
    with torch.no_grad():
        for parameter in (*gate.out_x.parameters(), *gate.out_y.parameters()):
            parameter.zero_()
        given = gate(x, y)
        torch.testing.assert_close(given[1], gate.project_y(y))
        torch.testing.assert_close(given[0], gate.project_x(x) + gate.project_y(y))


def test_stages_give_their_images_from_small_to_full():
    model = build("maxim", "tiny").eval()
    with torch.no_grad():
        restored = model(torch.rand(1, 3, 16, 24))
    assert [tuple(image.shape[2:]) for image in restored] == [(8, 12), (16, 24)] * 2


def test_the_ports_tensors_are_the_live_and_the_dropped():
    with torch.device("meta"):
        model = build("maxim", "3s")
    dropped = published.dropped(model)
    dead = sum(torch.Size(shape).numel() for shape in dropped.values())
    assert dead == 4_482_400
    assert dead + sum(p.numel() for p in model.parameters()) == 26_695_195
