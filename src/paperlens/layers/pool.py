"""Means of a feature map, as modules: one can take the other's place in a trained network (tlc.py)."""

from jaxtyping import Float
from torch import Tensor, nn

from paperlens.ops.local_mean import local_mean, spread


class GlobalMean(nn.Module):
    """Every channel's mean over the whole map."""

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c 1 1"]:
        """One value for every channel."""
        return features.mean((2, 3), keepdim=True)

    def spread(self, means: Tensor, features: Tensor) -> Tensor:
        """What was made of the means, in a shape that the features can be multiplied with: it is already."""
        return means


class LocalMean(nn.Module):
    """Every channel's mean over a window around each pixel, see `ops.local_mean`."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height, self.width = height, width

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c y x"]:
        """One value for every channel and whole window."""
        return local_mean(features, self.height, self.width)  # plain_local_mean, whatever the window's size

    def spread(
        self, means: Float[Tensor, "b c y x"], features: Float[Tensor, "b d h w"]
    ) -> Float[Tensor, "b c i j"]:
        """One value for every pixel of the features; one for all where there is but one window."""
        if means.shape[2:] == (1, 1):
            return means
        return spread(means, *features.shape[2:])
