import pytest
import torch

from paperlens.layers.channel_attention import ChannelAttention, SimplifiedChannelAttention


def test_against_a_loop():
    torch.manual_seed(0)
    layer = ChannelAttention(6, 2, bias=False).double()
    features = torch.randn(2, 6, 3, 5, dtype=torch.float64)
    for b in range(2):
        mean = [features[b, c].sum() / 15 for c in range(6)]
        narrow = [
            max(0.0, sum(layer.squeeze.weight[i, c, 0, 0] * mean[c] for c in range(6))) for i in range(2)
        ]
        for c in range(6):
            logit = sum(layer.excite.weight[c, i, 0, 0] * narrow[i] for i in range(2))
            torch.testing.assert_close(layer(features)[b, c], features[b, c] / (1 + torch.exp(-logit)))


def test_too_narrow_a_middle_is_refused():
    with pytest.raises(ValueError, match=r"0 .*6"):
        ChannelAttention(6, 0)


def test_simplified_attention_is_a_linear_map_of_the_means():
    torch.manual_seed(0)
    sca, features = SimplifiedChannelAttention(4), torch.randn(2, 4, 5, 3)
    weight = sca.conv.weight[:, :, 0, 0]
    expected = features.mean((2, 3)) @ weight.T + sca.conv.bias
    torch.testing.assert_close(sca(features), expected[:, :, None, None])
