"""Each loss against a case worked by hand, and the property it exists for."""

import math

import pytest
import torch
from torch.nn import functional as F

from paperlens import losses


def images(seed: int, *shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_charbonnier_by_hand() -> None:
    prediction, target = torch.tensor([0.0, 3.0]).double(), torch.tensor([0.0, 0.0]).double()
    expected = (0.5 + math.sqrt(9 + 0.25)) / 2
    torch.testing.assert_close(losses.charbonnier(prediction, target, 0.5).item(), expected)
    same = target.clone().requires_grad_()
    losses.charbonnier(same, target).backward()
    assert torch.equal(same.grad, torch.zeros_like(same)), "the gradient at zero is finite"


def test_l1_by_hand() -> None:
    assert losses.l1(torch.tensor([1.0, -2.0]), torch.tensor([0.0, 2.0])).item() == 2.5


def test_frequency_sees_a_cosine_as_two_lines() -> None:
    wave = torch.cos(2 * math.pi * 3 * torch.arange(16).double() / 16).expand(1, 1, 8, 16)
    flat = torch.zeros_like(wave)
    # Two bins of 8 * 16 / 2 real, everything else zero, 8 * 16 bins of two numbers each.
    torch.testing.assert_close(losses.frequency(wave, flat).item(), 2 * 64 / (2 * 128))


def test_gradient_map_ignores_brightness_in_the_interior() -> None:
    image = images(0, 1, 2, 9, 11)
    inside = losses.gradient_magnitude(image)[..., 1:-1, 1:-1]
    torch.testing.assert_close(losses.gradient_magnitude(image + 0.3)[..., 1:-1, 1:-1], inside)
    ramp = torch.arange(6.0).double().expand(1, 1, 5, 6)
    torch.testing.assert_close(losses.gradient_magnitude(ramp)[0, 0, 2, 2].item(), math.sqrt(4 + 1e-6))


def test_structural_is_zero_for_equal_images_and_grows_with_noise() -> None:
    image, noise = images(1, 2, 3, 16, 18), images(2, 2, 3, 16, 18) - 0.5
    little, much = (losses.structural(image + k * noise, image).item() for k in (0.05, 0.3))
    assert abs(losses.structural(image, image).item()) < 1e-12
    assert 0 < little < much


def test_adversaries_are_binary_cross_entropy() -> None:
    real, fake = images(3, 4, 1) * 4 - 2, images(4, 4, 1) * 4 - 2
    cross = F.binary_cross_entropy_with_logits
    expected = cross(real, torch.ones_like(real)) + cross(fake, torch.zeros_like(fake))
    torch.testing.assert_close(losses.discriminator(real, fake), expected)
    torch.testing.assert_close(losses.adversarial(fake), cross(fake, torch.ones_like(fake)))
    assert losses.adversarial(torch.tensor([-1000.0])).isfinite()


def test_texture_ignores_where_and_perceptual_does_not() -> None:
    kernels = images(5, 4, 3, 3, 3)

    def features(image: torch.Tensor) -> list[torch.Tensor]:
        circular = F.pad(image, (1, 1, 1, 1), mode="circular")
        first = F.conv2d(circular, kernels).relu()
        return [first, first.square()]

    image = images(6, 2, 3, 8, 10)
    moved = image.roll((3, 4), (-2, -1))
    assert losses.texture(moved, image, features).item() < 1e-20
    assert losses.perceptual(moved, image, features).item() > 1e-3
    assert losses.perceptual(image, image, features).item() == 0
    target = image.clone().requires_grad_()
    losses.perceptual(moved.clone().requires_grad_(), target, features).backward()
    assert target.grad is None, "the target is a constant"


@pytest.mark.parametrize("loss", [losses.l1, losses.charbonnier, losses.frequency, losses.gradient_map])
def test_unequal_shapes_are_refused_with_both(loss) -> None:
    with pytest.raises(ValueError, match="7"):
        loss(torch.zeros(1, 1, 7, 5), torch.zeros(1, 1, 8, 5))
