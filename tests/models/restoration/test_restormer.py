"""What only Restormer promises."""

import math

import torch

from paperlens.layers.channel_norm import BiasFreeNorm
from paperlens.models import build


def test_channel_attention_against_a_loop():
    torch.manual_seed(0)
    attention = build("restormer", "tiny").encoder2[0].attention.double().requires_grad_(False)
    attention.temperature.data = torch.tensor([[[0.7]], [[1.6]]], dtype=torch.float64)
    q, k, v = torch.randn(3, 1, 16, 3, 5, dtype=torch.float64)
    found = attention.attend(q, k, v, attention.temperature)
    for head in range(2):
        for i in range(8 * head, 8 * head + 8):
            logits = [
                attention.temperature[head, 0, 0]
                * (q[0, i] * k[0, j]).sum()
                / (q[0, i].norm() * k[0, j].norm())
                for j in range(8 * head, 8 * head + 8)
            ]
            total = sum(math.exp(x) for x in logits)
            expected = sum(math.exp(x) / total * v[0, 8 * head + j] for j, x in enumerate(logits))
            torch.testing.assert_close(found[0, i], expected)


def test_bias_free_norm_by_hand():
    pixel = torch.tensor([1.0, 2.0, 3.0, 6.0], dtype=torch.float64)[None, :, None, None]
    expected = pixel / math.sqrt((4 + 1 + 0 + 9) / 4 + 1e-5)
    torch.testing.assert_close(BiasFreeNorm(4, 1e-5).double()(pixel), expected)


def test_bias_free_network_scales_with_its_input():
    torch.manual_seed(0)
    model = build("restormer", "tiny", norm="bias_free").double()
    image = torch.rand(1, 3, 16, 16).double()
    # Without biases only eps and GELU see the scale; the first block's norm removes it from its branches.
    block = model.encoder1[0]
    features = 100 * torch.rand(1, 8, 16, 16).double()
    branch = block.attention(block.norm1(features))
    torch.testing.assert_close(block.attention(block.norm1(2 * features)), branch, rtol=1e-5, atol=1e-7)
    assert not any("bias" in name for name, _ in model.named_parameters())
    assert model(image).shape == image.shape
