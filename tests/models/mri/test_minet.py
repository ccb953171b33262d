"""What only MINet promises."""

import pytest
import torch

from paperlens.models import build
from paperlens.models.mri.minet import ChannelSpatialAttention, Integration


def test_the_guide_reaches_the_slice_and_not_the_other_way():
    torch.manual_seed(0)
    model = build("minet", "tiny").eval()
    guide = torch.rand(1, 1, 12, 16, requires_grad=True)
    low_res = torch.rand(1, 1, 6, 8, requires_grad=True)
    restored, enlarged = model(guide, low_res)
    enlarged.sum().backward(retain_graph=True)
    assert guide.grad.abs().max() > 0 and low_res.grad.abs().max() > 0
    assert torch.autograd.grad(restored.sum(), low_res, allow_unused=True) == (None,)


@pytest.mark.parametrize(("size", "numbers"), [((12, 14), ("14", "8")), ((10, 16), ("10", "6"))])
def test_a_guide_of_another_size_is_refused(size, numbers):
    with pytest.raises(ValueError, match=rf"{numbers[0]} must be 2 x {numbers[1]}"):
        build("minet", "tiny")(torch.rand(1, 1, *size), torch.rand(1, 1, 6, 8))


def test_channel_spatial_attention_is_a_kernel_over_channel_row_and_column():
    torch.manual_seed(0)
    attention = ChannelSpatialAttention()
    torch.nn.init.constant_(attention.gamma, 0.7)
    features = torch.randn(1, 4, 5, 6)
    kernel, bias = attention.conv.weight[0, 0], attention.conv.bias
    padded = torch.nn.functional.pad(features[0], (1,) * 6)
    expected = torch.empty_like(features)
    for c in range(4):
        for i in range(5):
            for j in range(6):
                score = (kernel * padded[c : c + 3, i : i + 3, j : j + 3]).sum() + bias[0]
                expected[0, c, i, j] = features[0, c, i, j] * (1 + 0.7 * torch.sigmoid(score))
    torch.testing.assert_close(attention(features), expected)


def test_integration_starts_as_nothing_added():
    maps = [torch.randn(2, 3, 4, 5) for _ in range(3)]
    assert torch.equal(Integration()(maps), torch.cat(maps, dim=1))
