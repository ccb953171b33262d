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


def test_visionllama_scales_its_positions_to_the_anchor(monkeypatch):
    seen = []

    def watched(position, dim, base=10000.0):
        seen.append(position)
        return rotations(position, dim, base)

    monkeypatch.setattr("paperlens.models.vision.visionllama.rotations", watched)
    model = build("visionllama", "tiny").eval()  # the anchor is 4 by 4 patches
    for height, width in ((32, 32), (64, 32), (32, 16)):
        assert model(torch.rand(1, 3, height, width)).shape == (1, 10)
        column, row = seen.pop()[1:].T.reshape(2, height // 8, width // 8)
        torch.testing.assert_close(column[0], torch.arange(width // 8) * 32.0 / width)
        torch.testing.assert_close(row[:, 0], torch.arange(height // 8) * 32.0 / height)


def test_visionllama_knows_places_by_rotation_alone():
    torch.manual_seed(0)
    model = build("visionllama", "tiny").double().eval()
    for block in model.blocks:
        torch.nn.init.ones_(block.gamma_1)
    image = torch.rand(1, 3, 32, 32).double()
    swapped = image.clone()
    swapped[..., :8, :8], swapped[..., 8:16, 24:] = image[..., 8:16, 24:], image[..., :8, :8]
    before, after = model(image), model(swapped)
    assert not torch.allclose(before, after, rtol=1e-7, atol=0)
