import pytest
import torch

from paperlens.layers.reconstruction import DirectHead, NearestConvHead, PixelShuffleHead
from paperlens.layers.upsample import SubPixelUpsample


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
def test_sub_pixel_upsampling_enlarges(scale):
    assert SubPixelUpsample(3, scale)(torch.rand(2, 3, 5, 7)).shape == (2, 3, 5 * scale, 7 * scale)


@pytest.mark.parametrize("scale", [0, 5, 6, 12])
def test_a_scale_without_steps_is_told(scale):
    with pytest.raises(ValueError, match=f"scale {scale} is neither 3 nor a power of two"):
        SubPixelUpsample(3, scale)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("head", [PixelShuffleHead, NearestConvHead])
def test_heads_enlarge(head, scale):
    assert head(6, 4, 3, scale)(torch.rand(1, 6, 5, 7)).shape == (1, 3, 5 * scale, 7 * scale)
    assert DirectHead(6, 3, scale)(torch.rand(1, 6, 5, 7)).shape == (1, 3, 5 * scale, 7 * scale)


def test_nearest_head_knows_two_and_four():
    with pytest.raises(ValueError, match="by 2 or 4, not by 3"):
        NearestConvHead(6, 4, 3, 3)


def test_direct_head_writes_pixels_in_torchs_order():
    head = DirectHead(1, 1, 2)
    with torch.no_grad():
        head.expand.weight.zero_()
        head.expand.bias.copy_(torch.arange(4.0))
    assert head(torch.zeros(1, 1, 2, 2))[0, 0].tolist() == [[0, 1, 0, 1], [2, 3, 2, 3]] * 2
