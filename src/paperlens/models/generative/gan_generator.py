"""GAN, the generator: noise in, a picture out, and no likelihood anywhere.

Goodfellow et al., "Generative Adversarial Nets", NIPS 2014, arXiv:1406.2661; the layers are those of the authors'
configuration for MNIST (goodfeli/adversarial, mnist.yaml).

Input    noise, uniform in -sqrt(3) .. sqrt(3), so of unit variance    b z
Output   a picture's pixels, row by row, 0 to 1                        b p

Symbols (paper -> code)
    z  noise        noise_dim       G(z)  picture   out_dim = 28 x 28
Departures: the output bias starts at zero; the authors start it from the mean of every pixel of the training set.
Published size: none printed; counted 2,503,984.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

RANGE = 0.05  # weights start uniform in -0.05 .. 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class GANGeneratorConfig:
    """The authors' configuration for MNIST."""

    noise_dim: int = 100
    hidden_dim: int = 1200
    out_dim: int = 784


class GANGenerator(nn.Module):
    """Two hidden layers of rectifiers, then a sigmoid (Sec. 5)."""

    def __init__(self, config: GANGeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.Sequential(
            *(nn.Linear(config.noise_dim, config.hidden_dim), nn.ReLU()),
            *(nn.Linear(config.hidden_dim, config.hidden_dim), nn.ReLU()),
            *(nn.Linear(config.hidden_dim, config.out_dim), nn.Sigmoid()),
        )
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                nn.init.uniform_(layer.weight, -RANGE, RANGE)
                nn.init.zeros_(layer.bias)

    def forward(self, noise: Float[Tensor, "b z"]) -> Float[Tensor, "b p"]:
        """G(z); ValueError for noise of another length."""
        if noise.shape[1] != self.config.noise_dim:
            raise ValueError(
                f"the noise has {noise.shape[1]} values, this model takes {self.config.noise_dim}"
            )
        return self.layers(noise)

    def noise(self, batch: int, generator: torch.Generator | None = None) -> Float[Tensor, "b z"]:
        """As much of p_z as `forward` takes for `batch` pictures, on the model's device and of its type."""
        like: Tensor = next(self.parameters())
        uniform = torch.rand(
            batch, self.config.noise_dim, generator=generator, device=like.device, dtype=like.dtype
        )
        return (2 * uniform - 1) * math.sqrt(3)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = GANGenerator, GANGeneratorConfig
PRESETS: Mapping[str, GANGeneratorConfig] = {
    "mnist": GANGeneratorConfig(),
    "tiny": GANGeneratorConfig(noise_dim=8, hidden_dim=32, out_dim=49),
}
PARAMETERS: Mapping[str, int] = {"mnist": 2_503_984, "tiny": 2_961}
# Multiply-accumulates in G for one input of this shape.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {"mnist": ((1, 100), 0.0025)}
ORIGIN, LICENCE = "goodfeli/adversarial", "BSD-3-Clause"
NOT_A_PICTURE = "noise, not pictures"
BAD = [({"shape": (1, 100)}, (100, 8))]


def example(config: GANGeneratorConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Noise."""
    return ((2 * torch.rand(batch, config.noise_dim) - 1) * math.sqrt(3),)


# The authors' weights are not torch's: the golden file's names are numbers alone.
PUBLISHED_NAMES = ((r"^layers\.", ""),)
GOLDENS: Mapping[str, GANGeneratorConfig] = {"gan_mnist_generator": PRESETS["mnist"]}
