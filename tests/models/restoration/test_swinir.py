"""What SwinIR alone promises; the rest is in tests/models/test_catalogue.py."""

import pytest
import torch

from paperlens.models import build


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = build("swinir", "tiny").double().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model


def test_receptive_field_is_a_window_and_a_shift_in_each_pair_of_blocks():
    """One pair of blocks without convolutions: 1.5 windows to each side at most; here one group of one pair."""
    torch.manual_seed(0)
    model = build("swinir", "tiny", depths=(2,)).double()
    features = torch.randn(1, 12, 24, 24, dtype=torch.float64, requires_grad=True)
    model.deep(features)[0, :, 12, 12].sum().backward()
    reached = (features.grad[0].abs().sum(0) > 1e-20).nonzero()
    # Token 12 lies in the shifted window 10..13; those lie in windows 8..15; the 3x3 convolution adds windows
    # that its neighbours 11..13 reach: all within 8..15 too.
    assert reached.min().item() == 8 and reached.max().item() == 15


def test_a_picture_that_no_window_divides_is_the_crop_of_the_reflected_one(model):
    image = torch.rand(1, 3, 10, 13, dtype=torch.float64)
    padded = torch.nn.functional.pad(image, (0, 3, 0, 2), mode="reflect")
    with torch.no_grad():
        torch.testing.assert_close(model(image), model(padded)[..., :20, :26])


def test_a_constant_added_by_the_head_is_the_mean_of_div2k():
    model = build("swinir", "tiny").double()
    for parameter in model.head.parameters():
        torch.nn.init.zeros_(parameter)
    with torch.no_grad():
        means = model(torch.rand(1, 3, 8, 8, dtype=torch.float64)).mean((0, 2, 3))
    torch.testing.assert_close(
        means, torch.tensor([0.4488, 0.4371, 0.4040], dtype=torch.float64), rtol=0, atol=1e-7
    )


def test_restoration_keeps_the_input_and_adds_to_it():
    model = build("swinir", "tiny", head="residual", scale=1, value_range=255.0)
    for parameter in model.head.parameters():
        torch.nn.init.zeros_(parameter)
    image = torch.rand(1, 3, 9, 8)
    with torch.no_grad():
        torch.testing.assert_close(model(image), image)


def test_a_picture_moved_by_a_window_moves_its_output(model):
    """Equivariance: away from the border the network commutes with a translation by one window."""
    image = torch.rand(1, 3, 40, 40, dtype=torch.float64)
    with torch.no_grad():
        whole, moved = model(image), model(image[..., 4:, 4:])
    torch.testing.assert_close(whole[..., 48:56, 48:56], moved[..., 40:48, 40:48])
