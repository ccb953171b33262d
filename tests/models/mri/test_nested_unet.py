"""The nested U-Net: a triangle of nodes, a residual that starts from the image, supervision of the top row."""

import torch

from paperlens.models import build


def test_the_nodes_are_the_triangle():
    model = build("nested_unet", "segmentation")
    assert set(model.nodes) == {f"{depth}_{step}" for depth in range(5) for step in range(5 - depth)}
    assert model.nodes["0_4"].conv1.in_channels == 4 * 32 + 64


def test_with_a_residual_a_silent_head_gives_the_image_back():
    model = build("nested_unet", "tiny_residual").eval()
    for head in model.heads:
        torch.nn.init.zeros_(head.weight), torch.nn.init.zeros_(head.bias)
    image = torch.rand(1, 1, 8, 6)
    maps = model(image)
    assert len(maps) == 1 and torch.equal(maps[0], image)


def test_deep_supervision_gives_a_map_for_every_step_of_the_top_row():
    maps = build("nested_unet", "tiny", deep_supervision=True).eval()(torch.rand(1, 3, 8, 12))
    assert [m.shape for m in maps] == [(1, 1, 8, 12)] * 2
