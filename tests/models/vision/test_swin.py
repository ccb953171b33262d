"""What only Swin promises: where a block looks, how stages merge."""

import torch

from paperlens.models import build
from paperlens.models.vision.swin import PatchMerging


def seen_by(block, row, column, side=8, mask=None):
    features = torch.randn(1, side, side, 12, requires_grad=True)
    block(features, mask)[0, row, column].sum().backward()
    return features.grad[0].abs().sum(-1).gt(0)


def test_first_block_sees_its_window_only():
    block = build("swin", "tiny").stages[0].blocks[0]
    seen = seen_by(block, 1, 6)
    assert seen[:4, 4:].all() and seen.sum() == 16


def test_second_block_sees_across_the_border_of_windows():
    from paperlens.layers.window_attention import shift_mask

    block = build("swin", "tiny").stages[0].blocks[1]
    mask = shift_mask(torch.zeros(1, 8, 8, 12), 4, 2)
    seen = seen_by(block, 3, 4, mask=mask)
    assert seen[2:6, 2:6].all()
    torch.testing.assert_close(seen.sum().item(), 16)  # -100 leaves nothing of what the roll brought round


def test_a_stage_of_one_window_does_not_shift():
    model = build("swin", "tiny")
    assert [b.offset for b in model.stages[0].blocks] == [0, 2]
    assert [b.offset for b in model.stages[1].blocks] == [0, 0]


def test_merging_takes_columns_first():
    merge = PatchMerging(1)
    merge.norm, merge.reduction = torch.nn.Identity(), torch.nn.Identity()
    features = torch.tensor([[[[1.0], [2.0]], [[3.0], [4.0]]]])
    assert merge(features).flatten().tolist() == [1, 3, 2, 4]
