"""Sub-pixel upsampling: a convolution makes s*s times the channels, a shuffle turns them into pixels.

Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
Neural Network", CVPR 2016, arXiv:1609.05158, Eq. 4.
"""

from torch import nn


class SubPixelUpsample(nn.Sequential):
    """`b c h w -> b c (h scale) (w scale)`: one step of 3, or one step of 2 for every doubling.

    Raises ValueError for a scale that is neither 3 nor a power of two.
    """

    def __init__(self, dim: int, scale: int) -> None:
        doublings = scale.bit_length() - 1
        if scale == 3:
            steps = [3]
        elif scale >= 1 and scale == 2**doublings:
            steps = [2] * doublings
        else:
            raise ValueError(f"scale {scale} is neither 3 nor a power of two such as {2 ** (doublings + 1)}")
        super().__init__(
            *(
                layer
                for step in steps
                for layer in (nn.Conv2d(dim, dim * step**2, 3, padding=1), nn.PixelShuffle(step))
            )
        )
