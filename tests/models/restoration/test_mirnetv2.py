"""What MIRNet-v2 promises: fusion is a weighted mean, context is one vector for the whole map."""

import torch

from paperlens.models import build
from paperlens.models.restoration.mirnetv2 import ResidualContext, SelectiveFusion


def test_fusing_a_map_with_itself_changes_nothing():
    torch.manual_seed(0)
    features = torch.randn(2, 8, 5, 7)
    torch.testing.assert_close(SelectiveFusion(8, 8)([features, features]), features)


def test_context_reaches_every_pixel():
    torch.manual_seed(0)
    block = ResidualContext(8, 1)
    features = torch.randn(1, 8, 9, 9)
    moved = features.clone()
    moved[..., 0, 0] += 5.0
    assert ((block(moved) - block(features)).abs().amax(dim=(0, 1)) > 0).all()


def test_both_rounds_use_one_context_block():
    block = build("mirnetv2", "tiny").eval().groups[0].body[0]
    calls = []
    for context in block.context:
        context.register_forward_hook(lambda module, args, output: calls.append(module))
    block(torch.randn(1, 8, 8, 8))
    assert len(calls) == 6 and len(set(calls)) == 3
