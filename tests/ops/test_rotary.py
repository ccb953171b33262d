"""Rotary positions turn pairs, so that products depend on the distance alone."""

import pytest
import torch

from paperlens.ops.rotary import grid_positions, rotate, rotations


def test_pairs_turn_by_position_and_the_axes_take_turns():
    position = torch.tensor([[2.0, 3.0]])
    by = rotations(position, 8)
    assert by.shape == (1, 4)
    rate = 10000**-0.5
    expected = torch.tensor([2.0, 3.0, 2 * rate, 3 * rate])
    torch.testing.assert_close(by.angle()[0], expected)
    x = torch.randn(1, 1, 1, 8)
    turned = rotate(x, by)[0, 0, 0]
    for j, angle in enumerate(expected):
        a, b = x[0, 0, 0, 2 * j], x[0, 0, 0, 2 * j + 1]
        torch.testing.assert_close(turned[2 * j], a * angle.cos() - b * angle.sin())
        torch.testing.assert_close(turned[2 * j + 1], a * angle.sin() + b * angle.cos())
    with pytest.raises(ValueError, match="4 does not divide dim 6"):
        rotations(position, 6)


def test_a_product_depends_on_the_distance_alone():
    torch.manual_seed(0)
    q, k = torch.randn(8), torch.randn(8)
    by = rotations(torch.arange(9.0)[:, None], 8)
    logits = rotate(q.expand(1, 1, 9, 8), by) @ rotate(k.expand(1, 1, 9, 8), by).mT
    for distance in range(-8, 9):
        line = logits[0, 0].diagonal(distance)
        torch.testing.assert_close(line, line[:1].expand_as(line), rtol=1e-4, atol=1e-5)
    assert logits[0, 0, 0].unique().numel() == 9


def test_the_place_before_the_first():
    assert grid_positions(2, 3, first=-1).tolist() == [
        [2, -1],
        [0, 0],
        [1, 0],
        [2, 0],
        [0, 1],
        [1, 1],
        [2, 1],
    ]
