"""What CPVT promises: positions from the neighbourhood, which the class token does not receive."""

import torch

from paperlens.models import build


def test_the_class_token_passes_the_generator_by():
    torch.manual_seed(0)
    position = build("cpvt", "tiny").position
    tokens = torch.randn(1, 13, 32)
    placed = position(tokens, 3, 4)
    assert torch.equal(placed[:, 0], tokens[:, 0])
    assert not torch.isclose(placed[:, 1:], tokens[:, 1:]).all(dim=-1).any()


def test_zero_padding_tells_the_border_from_the_middle():
    """On equal tokens a convolution with zeros around the map gives other positions at the border."""
    torch.manual_seed(0)
    placed = build("cpvt", "tiny").position(torch.ones(1, 25, 32), 5, 5).unflatten(1, (5, 5))[0]
    torch.testing.assert_close(placed[1, 1], placed[2, 3])
    assert not torch.allclose(placed[0, 0], placed[2, 2])
