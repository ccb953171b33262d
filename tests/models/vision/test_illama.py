"""What only iLLaMA and VisionLLaMA promise."""

import pytest
import torch

from paperlens.models import build
from paperlens.ops.rotary import rotations


@pytest.mark.parametrize("renormalised", [False, True])
def test_the_mask_hides_what_follows(renormalised):
    torch.manual_seed(0)
    attention = build("illama", "tiny", renormalised=renormalised).blocks[0].attention.double()
    z = torch.randn(1, 6, 32).double()
    other = z.clone()
    other[:, 4] += 1
    by = rotations(torch.arange(6.0)[:, None], 16)
    # As published, what is hidden still counts in the sum that a row of weights is divided by.
    for soft, leaks in ((0.0, not renormalised), (0.5, True)):
        before, after = attention(z, by, soft), attention(other, by, soft)
        assert torch.allclose(before[:, :4], after[:, :4]) != leaks
        assert not torch.allclose(before[:, 4:], after[:, 4:])


def test_only_renormalised_rows_add_up_to_one():
    torch.manual_seed(0)
    by = rotations(torch.arange(6.0)[:, None], 16)
    for renormalised in (False, True):
        attention = build("illama", "tiny", renormalised=renormalised).blocks[0].attention.double()
        torch.nn.init.zeros_(attention.qkv.weight)
        torch.nn.init.ones_(attention.qkv.bias)
        torch.nn.init.eye_(attention.projection.weight)
        torch.nn.init.zeros_(attention.projection.bias)
        first = attention(torch.zeros(1, 6, 32).double(), by, 0.0)[0, 0]
        # Every value is one: what comes out is the sum of the row's weights.
        assert torch.allclose(first, torch.ones(32).double()) == renormalised
        last = attention(torch.zeros(1, 6, 32).double(), by, 0.0)[0, -1]
        torch.testing.assert_close(last, torch.ones(32).double())


def test_the_class_token_is_last_and_sees_every_patch():
    torch.manual_seed(0)
    model = build("illama", "tiny").double().eval()
    image = torch.rand(1, 3, 32, 32).double().requires_grad_()
    model(image).square().sum().backward()
    assert (image.grad != 0).any(1).all()
    with pytest.raises(ValueError, match=r"bidirectional 1.5 must lie in 0 \.\. 1"):
        model(image, 1.5)


def test_visionllama_scales_its_positions_to_the_anchor():
    """A picture of one colour gives every patch the same token: only rotations could tell sizes apart."""
    torch.manual_seed(0)
    model = build("visionllama", "tiny").double().eval()
    for block in model.blocks:
        torch.nn.init.ones_(block.gamma_1)
    model(torch.rand(1, 3, 64, 64).double())
    small, large = torch.rand(1, 3, 32, 32).double(), torch.rand(1, 3, 64, 48).double()
    assert model(small).shape == model(large).shape == (1, 10)
    swapped = small.clone()
    swapped[..., :8, :8], swapped[..., 8:16, 24:] = small[..., 8:16, 24:], small[..., :8, :8]
    assert not torch.allclose(model(swapped), model(small), rtol=1e-7, atol=0)
