"""What PVT promises: attention over a reduced map, and positions that follow the picture's size."""

import torch

from paperlens.models import build
from paperlens.models.vision.pvt import SpatialReductionAttention


def test_a_token_sees_only_the_reduced_map():
    """Every token attends to keys that R x R patches of the map gave: a far pixel still moves every output."""
    torch.manual_seed(0)
    attention = SpatialReductionAttention(8, 2, 4).double()
    tokens = torch.randn(1, 64, 8, dtype=torch.double)
    seen = []
    attention.key_value.register_forward_hook(lambda module, args, output: seen.append(args[0].shape))
    moved = tokens.clone()
    moved[:, 63] += 1.0
    changed = (attention(moved, 8, 8) - attention(tokens, 8, 8)).abs().amax(dim=(0, 2)) > 0
    assert seen[0] == (1, 4, 8), "8 x 8 tokens reduced by 4 are 2 x 2 keys"
    assert changed.all()


def test_positions_of_another_size_are_resized_and_the_class_token_keeps_its_own():
    torch.manual_seed(0)
    stage = build("pvt", "tiny").stages[1]
    resized = stage._positions(8, 2)
    assert resized.shape == (1, 17, 32)
    assert torch.equal(resized[:, 0], stage.pos_embed[:, 0])
    with torch.no_grad():
        stage.pos_embed[:, 1:] = 3.0
    torch.testing.assert_close(stage._positions(8, 2)[:, 1:], torch.full((1, 16, 32), 3.0))
