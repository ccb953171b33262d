"""What only the two networks of the GAN promise."""

import torch

from paperlens.models import build
from paperlens.models.generative.gan_discriminator import Maxout


def test_maxout_is_the_largest_of_its_pieces():
    torch.manual_seed(0)
    maxout, x = Maxout(4, 3, 5), torch.randn(2, 4)
    weight, bias = maxout.linear.weight.reshape(3, 5, 4), maxout.linear.bias.reshape(3, 5)
    for b in range(2):
        for i in range(3):
            pieces = [weight[i, j] @ x[b] + bias[i, j] for j in range(5)]
            torch.testing.assert_close(maxout(x)[b, i], torch.stack(pieces).max())


def test_noise_is_uniform_with_unit_variance():
    generator = build("gan_generator", "tiny")
    noise = generator.noise(4000, torch.Generator().manual_seed(0))
    assert noise.shape == (4000, 8)
    assert abs(noise.var().item() - 1) < 0.02 and abs(noise.mean().item()) < 0.02
    assert noise.abs().max() < 3**0.5
    assert (noise.abs() > 1.7).any()


def test_a_picture_of_the_generator_is_one_for_the_discriminator():
    generator, discriminator = build("gan_generator", "mnist"), build("gan_discriminator", "mnist")
    verdict = discriminator(generator(generator.noise(3)))
    assert verdict.shape == (3, 1) and (verdict > 0).all() and (verdict < 1).all()
