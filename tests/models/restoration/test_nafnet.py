"""What only NAFNet promises."""

import torch

from paperlens.models import build
from paperlens.models.restoration.nafnet import simple_gate


def test_a_new_block_is_the_identity():
    block = build("nafnet", "tiny").middle[0]
    features = torch.randn(2, 32, 3, 5)
    assert torch.equal(block(features), features)


def test_gate_by_hand():
    features = torch.tensor([1.0, 2.0, 3.0, 4.0])[None, :, None, None]
    assert simple_gate(features).flatten().tolist() == [3, 8]


def test_no_activation_function_is_left():
    kinds = {type(m).__name__ for m in build("nafnet", "tiny").modules()}
    assert kinds == {
        "NAFNet",
        "NAFBlock",
        "ChannelNorm",
        "Conv2d",
        "GlobalMean",
        "ModuleList",
        "PixelShuffle",
        "Pointwise",
        "Sequential",
        "SimplifiedChannelAttention",
    }


def test_any_memory_format_gives_the_same():
    torch.manual_seed(0)
    model = build("nafnet", "tiny").double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    image = torch.rand(2, 3, 9, 14).double()
    other = image.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(model(image), model(other))
