"""What ELAN promises: channels that move by one pixel, attention that is symmetric, shifted and shared."""

import torch

from paperlens.models import build
from paperlens.models.restoration.elan import MultiScaleAttention, ShiftConv


def test_a_fifth_of_the_channels_moves_each_way():
    conv = ShiftConv(10, 10)
    with torch.no_grad():
        conv.point.weight.copy_(torch.eye(10)[:, :, None, None])
        conv.point.bias.zero_()
    image = torch.arange(1.0, 21.0).reshape(1, 1, 4, 5).expand(1, 10, 4, 5)
    moved = conv(image)[0]
    for channels, (y, x) in zip(
        moved.split(2), ((0, -1), (0, 1), (-1, 0), (1, 0), (0, 0)), strict=True
    ):  # where the pixel goes
        inner = torch.roll(image[0, 0], (y, x), dims=(0, 1))[1:-1, 1:-1]
        assert torch.equal(channels[:, 1:-1, 1:-1], inner.expand(2, 2, 3))


def test_a_window_sees_itself_alone_and_shifted_the_next_ones():
    torch.manual_seed(0)
    for shifted, expected in ((False, (0, 4)), (True, (2, 6))):
        attention = MultiScaleAttention(2, (4,), shifted=shifted, computes=True).eval()
        features = torch.randn(1, 2, 8, 8)
        moved = features.clone()
        moved[..., 3, 3] += 1.0
        changed = (attention(moved, None)[0] - attention(features, None)[0]).abs().amax(dim=(0, 1)) > 0
        rows = changed.any(dim=1).nonzero().flatten()
        assert (int(rows.min()), int(rows.max()) + 1) == expected


def test_the_second_attention_of_a_block_reuses_the_weights_of_the_first():
    torch.manual_seed(0)
    block = build("elan", "tiny").eval().blocks[0]
    first, second = block.attention
    features = torch.randn(1, 12, 8, 8)
    _, weights = first(features, None)
    _, used = second(features, weights)
    assert all(a is b for a, b in zip(weights, used, strict=True))
    assert second.point.out_channels == 12 and first.point.out_channels == 24
