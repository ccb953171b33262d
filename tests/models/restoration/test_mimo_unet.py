"""What MIMO-UNet promises: three images from the smallest to the full, each with its own input added."""

import torch

from paperlens.models import build


def test_with_silent_outputs_the_inputs_come_through():
    torch.manual_seed(0)
    model = build("mimo_unet", "tiny")
    with torch.no_grad():
        for conv in model.to_image:
            conv.weight.zero_()
            conv.bias.zero_()
    image = torch.rand(1, 3, 16, 24)
    quarter, half, full = model(image)
    assert torch.equal(full, image)
    assert torch.equal(half, image[..., ::2, ::2]), "the nearest pixel is the even one"
    assert torch.equal(quarter, image[..., ::4, ::4])


def test_dropout_takes_whole_channels_while_training_only():
    torch.manual_seed(0)
    model = build("mimo_unet", "tiny", dropout=0.5)
    image = torch.rand(1, 3, 16, 16)
    assert not torch.equal(model(image)[2], model(image)[2])
    model.eval()
    assert torch.equal(model(image)[2], model(image)[2])
