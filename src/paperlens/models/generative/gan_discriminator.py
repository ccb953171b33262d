"""GAN, the discriminator: the probability that a picture is real.

Goodfellow et al., "Generative Adversarial Nets", NIPS 2014, arXiv:1406.2661; the layers are those of the authors'
configuration for MNIST (goodfeli/adversarial, mnist.yaml).

Input    a picture's pixels, row by row, 0 to 1    b p
Output   D(x), 0 to 1                              b 1

Symbols (paper -> code)
    x  picture   in_dim = 28 x 28      k  pieces of a maxout unit (Goodfellow et al., ICML 2013)   pieces
Departures: none in the forward pass.
Published size: none printed; counted 1,231,441.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import reduce
from jaxtyping import Float
from torch import Tensor, nn

RANGE = 0.005  # weights start uniform in -0.005 .. 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class GANDiscriminatorConfig:
    """The authors' configuration for MNIST."""

    in_dim: int = 784
    hidden_dim: int = 240
    pieces: int = 5
    input_dropout: float = 0.2
    dropout: float = 0.5


class GANDiscriminator(nn.Module):
    """Two layers of maxout units and a sigmoid, dropout before each (Sec. 5)."""

    def __init__(self, config: GANDiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.Sequential(
            *(nn.Dropout(config.input_dropout), Maxout(config.in_dim, config.hidden_dim, config.pieces)),
            *(nn.Dropout(config.dropout), Maxout(config.hidden_dim, config.hidden_dim, config.pieces)),
            *(nn.Dropout(config.dropout), nn.Linear(config.hidden_dim, 1), nn.Sigmoid()),
        )
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.uniform_(layer.weight, -RANGE, RANGE)
                nn.init.zeros_(layer.bias)

    def forward(self, picture: Float[Tensor, "b p"]) -> Float[Tensor, "b 1"]:
        """D(x); ValueError for a picture of another size."""
        if picture.shape[1] != self.config.in_dim:
            raise ValueError(
                f"the picture has {picture.shape[1]} pixels, this model takes {self.config.in_dim}"
            )
        return self.layers(picture)


class Maxout(nn.Module):
    """h_i = max over j of (x W_ij + b_ij): the largest of `pieces` linear maps, for every unit."""

    def __init__(self, in_dim: int, dim: int, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(in_dim, dim * pieces)

    def forward(self, x: Float[Tensor, "b p"]) -> Float[Tensor, "b d"]:
        """One value a unit."""
        return reduce(self.linear(x), "b (d pieces) -> b d", "max", pieces=self.pieces)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = GANDiscriminator, GANDiscriminatorConfig
PRESETS: Mapping[str, GANDiscriminatorConfig] = {
    "mnist": GANDiscriminatorConfig(),
    "tiny": GANDiscriminatorConfig(in_dim=49, hidden_dim=16, pieces=3),
}
PARAMETERS: Mapping[str, int] = {"mnist": 1_231_441, "tiny": 3_233}
# Multiply-accumulates in G for one input of this shape.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {"mnist": ((1, 784), 0.0012)}
ORIGIN, LICENCE = "goodfeli/adversarial", "BSD-3-Clause"
NOT_A_PICTURE = "a small picture as a row of pixels, and gives a probability"
BAD = [({"shape": (1, 784)}, (784, 49))]


def example(config: GANDiscriminatorConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Pictures."""
    return (torch.rand(batch, config.in_dim),)


# The authors' weights are not torch's: the golden file counts the layers without their dropout.
PUBLISHED_NAMES = (
    (r"^layers\.1\.linear\.", "0.lin."),
    (r"^layers\.3\.linear\.", "1.lin."),
    (r"^layers\.5\.", "2."),
)
GOLDENS: Mapping[str, GANDiscriminatorConfig] = {"gan_mnist_discriminator": PRESETS["mnist"]}
