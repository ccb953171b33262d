"""1x1 convolution as a layer."""

from jaxtyping import Float
from torch import Tensor, nn

from paperlens.ops.pointwise import pointwise


class Pointwise(nn.Conv2d):
    """nn.Conv2d with kernel 1 and its parameters, computed by `ops.pointwise`."""

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool = True) -> None:
        super().__init__(in_channels, out_channels, 1, bias=bias)

    def forward(self, input: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """Pixel by pixel."""
        return pointwise(input, self.weight, self.bias)
