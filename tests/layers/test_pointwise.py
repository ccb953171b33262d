import pytest
import torch

from paperlens.layers.pointwise import Pointwise
from paperlens.ops.pointwise import plain_pointwise, pointwise


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("size", [(5, 7), (1, 1)])
def test_fast_form_is_the_plain_one(bias, dtype, memory_format, size):
    torch.manual_seed(0)
    layer = Pointwise(6, 10, bias=bias).to(dtype)
    features = torch.randn(3, 6, *size, dtype=dtype).contiguous(memory_format=memory_format).requires_grad_()
    found, expected = (f(features, layer.weight, layer.bias) for f in (pointwise, plain_pointwise))
    torch.testing.assert_close(found, expected)
    assert torch.equal(layer(features), found)
    noise = torch.randn_like(expected)
    inputs = [features, *layer.parameters()]
    gradients = [torch.autograd.grad(y, inputs, noise) for y in (found, expected)]
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b)


def test_channels_last_stays():
    features = torch.randn(2, 6, 5, 7).contiguous(memory_format=torch.channels_last)
    for dtype in (torch.float32, torch.float64):
        found = Pointwise(6, 10).to(dtype)(features.to(dtype))
        assert found.is_contiguous(memory_format=torch.channels_last)
