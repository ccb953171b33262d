import pytest
import torch

from paperlens.layers.channel_norm import BiasFreeNorm, ChannelNorm


@pytest.fixture(params=[torch.contiguous_format, torch.channels_last], ids=["nchw", "nhwc"])
def features(request):
    torch.manual_seed(0)
    return (3 + torch.randn(2, 6, 3, 5, dtype=torch.float64)).contiguous(memory_format=request.param)


def test_channel_norm_pixel_by_pixel(features):
    norm = ChannelNorm(6, eps=1e-2).double()
    torch.nn.init.normal_(norm.weight), torch.nn.init.normal_(norm.bias)
    for b, y, x in ((0, 0, 0), (1, 2, 4)):
        pixel = features[b, :, y, x]
        spread = ((pixel - pixel.mean()).square().mean() + 1e-2).sqrt()
        expected = norm.weight * (pixel - pixel.mean()) / spread + norm.bias
        torch.testing.assert_close(norm(features)[b, :, y, x], expected)


def test_bias_free_norm_keeps_the_mean(features):
    norm = BiasFreeNorm(6, eps=1e-2).double()
    torch.nn.init.normal_(norm.weight)
    variance = features.var(dim=1, correction=0, keepdim=True)
    expected = features / (variance + 1e-2).sqrt() * norm.weight[:, None, None]
    torch.testing.assert_close(norm(features), expected)
