"""A small feature network for the perceptual and texture losses, trained here (`features`) and shipped.

The papers measure with a VGG of 19 layers that saw a million labelled photographs (Simonyan and Zisserman, ICLR
2015); no such weights are available offline. This is a network of that build at 1/95 of its size. It saw five
photographs and slices of the phantom, and learned two things that need no labels: what was done to a crop (blur,
noise, JPEG, large pixels), and which crops show one place. So it tells damage from harmless change better than
pixels do (measured: recipe `features`), but it knows no objects, and a loss with it is not the loss of a paper that
names VGG: call it by its own name beside any number.

    features = feature_network()
    loss = losses.perceptual(prediction, target, features)
"""

from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.recipes.engine.shipped import verified
from paperlens.train.checkpoint import load

DIMS = (16, 32, 64, 96)  # channels at 1/1, 1/2, 1/4 and 1/8 of the side


class FeatureNetwork(nn.Module):
    """Four stages of two 3 x 3 convolutions, the side halved between them by averaging.

    VGG takes the maximum there; averaging passes less aliasing on, so that a picture moved by a pixel stays near
    (Zhang, "Making Convolutional Networks Shift-Invariant Again", ICML 2019). 210,512 parameters.
    """

    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Sequential(_convolution(m, n), nn.ReLU(), _convolution(n, n), nn.ReLU())
            for m, n in zip((3, *DIMS), DIMS, strict=False)
        )
        self.register_buffer("scale", torch.ones(len(DIMS)))

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> tuple[Float[Tensor, "b _ _ _"], ...]:
        """One map a stage, `b 16 h w` to `b 96 h/8 w/8`, not negative; the mean of each was 1 on training crops.

        image: RGB in 0..1 (grey three times), sides of at least 8.
        """
        if min(image.shape[-2:]) < 8:
            raise ValueError(f"expected sides of at least 8, found {tuple(image.shape[-2:])}")
        maps, now = list[Tensor](), (image - 0.5) / 0.25
        for stage, scale in zip(self.stages, self.scale, strict=True):
            now = stage(F.avg_pool2d(now, 2) if maps else now)
            maps.append(now / scale)
        return tuple(maps)

    @torch.no_grad()
    def calibrate(self, images: Float[Tensor, "b 3 h w"]) -> None:
        """Set the scales so that every stage has mean 1 on these images, and none outweighs the others in a sum."""
        self.scale.fill_(1.0)
        self.scale.copy_(torch.stack([maps.mean() for maps in self(images)]))


def _convolution(m: int, n: int) -> nn.Conv2d:
    layer = nn.Conv2d(m, n, 3, padding=1, padding_mode="replicate")
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")  # keeps the size of the signal through ReLUs
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


@cache
def feature_network() -> FeatureNetwork:
    """The shipped network, frozen, in evaluation mode; UserError where the file is not the one of its card.

    Its gradients reach the image and no weight. One object for the whole session: move a copy to another device.
    """
    network = FeatureNetwork()
    load(network, verified("features"))
    return network.eval().requires_grad_(False)
