import pytest
import torch

from paperlens.layers.biased_attention import SMALL, biased_attention, plain_biased_attention


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("windows", [1, 20])
@pytest.mark.parametrize(("keys", "channels"), [(9, 4), (80, 16)])
def test_every_form_is_the_plain_one(keys, channels, windows, gradients):
    assert 9 * 4 <= SMALL < 80 * 16  # both sides of the choice
    torch.manual_seed(0)
    q = torch.randn(40, 2, 7, channels, dtype=torch.float64)
    k, v = torch.randn(2, 40, 2, keys, channels, dtype=torch.float64)
    bias = torch.randn(windows, 2, 7, keys, dtype=torch.float64)
    with torch.set_grad_enabled(gradients):
        found, expected = biased_attention(q, k, v, bias), plain_biased_attention(q, k, v, bias)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(found[23], softmax_by_hand(q[23], k[23], v[23], bias[23 % windows]))


def softmax_by_hand(q, k, v, bias):
    logits = torch.einsum("hnd,hmd->hnm", q, k) / q.shape[-1] ** 0.5 + bias
    weights = logits.exp() / logits.exp().sum(-1, keepdim=True)
    return torch.einsum("hnm,hmd->hnd", weights, v)
