"""The mean of a feature map, as a module, so that a local mean can take its place (tlc.py)."""

from jaxtyping import Float
from torch import Tensor, nn


class GlobalMean(nn.Module):
    """Every channel's mean over the whole map."""

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c 1 1"]:
        """One value for every channel, of any memory format."""
        return features.mean((2, 3), keepdim=True)
