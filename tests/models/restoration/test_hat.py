"""What only HAT promises."""

import torch

from paperlens.models import build


def test_overlapping_block_sees_the_larger_window():
    torch.manual_seed(0)
    block = build("hat", "tiny").groups[0].overlap
    features = torch.randn(1, 12, 12, 12, requires_grad=True)
    block(features)[0, 5, 6].sum().backward()
    seen = features.grad[0].abs().sum(-1).gt(0)
    assert seen[3:9, 3:9].all() and seen.sum() == 36  # window 4..7 and one pixel more on every side


def test_channel_attention_looks_at_the_whole_map():
    block = build("hat", "tiny").groups[0].blocks[0].conv_block
    features = torch.randn(1, 12, 12, 12, requires_grad=True)
    block(features)[0, 0, 0].sum().backward()
    assert features.grad[0, 11, 11].abs().sum() > 0
