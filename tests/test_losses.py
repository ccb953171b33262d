"""Losses: cases worked by hand, gradients, and refusals."""

import math

import jaxtyping
import pytest
import torch
from torch import nn

from paperlens import losses


def _pair(seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(2, 3, 13, 18, generator=generator, dtype=dtype) for _ in range(2))


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3, stride=2)

    def forward(self, image):
        first = self.one(image)
        return {"one": first, "two": self.two(first.relu())}


TRUNK = Trunk().double()
ALL = {
    "l1": losses.l1,
    "charbonnier": losses.charbonnier,
    "frequency": losses.frequency,
    "ssim": losses.ssim,
    "gradient_map": losses.gradient_map,
    "perceptual": lambda x, y: losses.perceptual(x, y, TRUNK),
    "texture": lambda x, y: losses.texture(x, y, TRUNK),
}


@pytest.mark.parametrize("name", ALL)
def test_smallest_at_equality_finite_gradient_and_a_true_one(name):
    x, y = _pair()
    least = 1e-3 if name == "charbonnier" else 0.0
    same = x.clone().requires_grad_()
    at_equality = ALL[name](same, x)
    assert at_equality.item() == pytest.approx(least, abs=1e-12)
    at_equality.backward()
    assert torch.isfinite(same.grad).all()
    x.requires_grad_()
    value = ALL[name](x, y)
    assert value.shape == ()
    assert value.item() > least
    (slope,) = torch.autograd.grad(value, x)
    direction = torch.randn(x.shape, dtype=x.dtype, generator=torch.Generator().manual_seed(3))
    step = 1e-6
    with torch.no_grad():
        change = (ALL[name](x + step * direction, y) - ALL[name](x - step * direction, y)) / (2 * step)
    assert change.item() == pytest.approx((slope * direction).sum().item(), rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("name", ALL)
def test_shapes_that_would_broadcast_are_refused(name, monkeypatch):
    monkeypatch.setattr(
        jaxtyping.config, "jaxtyping_disable", True
    )  # outside tests nobody checks shapes before
    x, y = _pair()
    with pytest.raises(ValueError, match="differ in shape"):
        ALL[name](x, y[:1])


def test_worked_by_hand():
    x, y = torch.tensor([[[[3.0, 0.0]]]]), torch.tensor([[[[0.0, 0.0]]]])
    assert losses.l1(x, y).item() == 1.5
    assert losses.charbonnier(x, y, eps=4.0).item() == pytest.approx((5 + 4) / 2)
    impulse = torch.zeros(1, 1, 4, 4)
    impulse[0, 0, 0, 0] = 1.0  # its orthonormal spectrum is 1/4 everywhere, real
    assert losses.frequency(impulse, torch.zeros_like(impulse)).item() == pytest.approx(0.25 / 2)
    ramp = torch.arange(6.0).expand(1, 1, 5, 6)
    assert losses.gradient_map(ramp, torch.zeros_like(ramp)).item() == pytest.approx(2.0, abs=1e-5)
    assert losses.gradient_map(ramp + 5, ramp).item() == pytest.approx(0.0, abs=1e-6)


def test_adversarial_kinds():
    scores = torch.tensor([[0.0], [2.0]])
    assert losses.adversarial(scores, True).item() == pytest.approx(
        (math.log(2) + math.log1p(math.exp(-2))) / 2
    )
    assert losses.adversarial(scores, False).item() == pytest.approx(
        (math.log(2) + math.log1p(math.exp(2))) / 2
    )
    assert losses.adversarial(scores, True, "least_squares").item() == pytest.approx((1 + 1) / 2)
    assert losses.adversarial(scores, False, "least_squares").item() == pytest.approx((0 + 4) / 2)
    assert losses.adversarial(scores, True, "hinge").item() == pytest.approx((1 + 0) / 2)
    assert losses.adversarial(scores, False, "hinge").item() == pytest.approx((1 + 3) / 2)


def test_gram_forgets_places_and_keeps_pairs():
    maps = torch.rand(2, 3, 4, 5)
    moved = maps.roll((1, 2), dims=(2, 3))
    assert torch.allclose(losses.gram(maps), losses.gram(moved))
    constant = torch.stack([torch.full((2, 2), 2.0), torch.full((2, 2), 3.0)])[None]
    assert losses.gram(constant).tolist() == [[[2.0, 3.0], [3.0, 4.5]]]


def test_gram_against_a_slow_loop():
    maps = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = losses.gram(maps)
    for b in range(2):
        for i in range(3):
            for j in range(3):
                total = sum(
                    float(maps[b, i, y, x]) * float(maps[b, j, y, x]) for y in range(4) for x in range(5)
                )
                assert found[b, i, j].item() == pytest.approx(total / (3 * 4 * 5), rel=1e-12)


def test_texture_is_the_distance_of_the_gram_matrices():
    x, y = _pair()
    ours, theirs = (list(TRUNK(image).values()) for image in (x, y))
    wanted = sum((losses.gram(a) - losses.gram(b)).abs().mean() for a, b in zip(ours, theirs, strict=True))
    assert losses.texture(x, y, TRUNK).item() == pytest.approx(wanted.item(), rel=1e-12)


def test_feature_losses_weigh_layers_and_leave_the_target_alone():
    x, y = _pair()
    y.requires_grad_()
    both = losses.perceptual(x, y, TRUNK, [1.0, 1.0])
    assert both.item() == pytest.approx(
        (losses.perceptual(x, y, TRUNK, [1.0, 0.0]) + losses.perceptual(x, y, TRUNK, [0.0, 1.0])).item()
    )
    assert torch.autograd.grad(both, y, allow_unused=True)[0] is None
    with pytest.raises(ValueError, match="3 weights for 2 layers"):
        losses.texture(x, y, TRUNK, [1.0] * 3)


def test_charbonnier_refuses_what_has_no_slope():
    with pytest.raises(ValueError, match="positive, got 0"):
        losses.charbonnier(*_pair(), eps=0.0)
