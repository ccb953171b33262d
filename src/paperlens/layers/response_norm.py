"""Local response normalisation: a map's value is divided by what its neighbouring maps have at the same place.

Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012, Sec. 3.3.
"""

from torch import nn

K, N, ALPHA, BETA = 2.0, 5, 1e-4, 0.75


def response_norm() -> nn.LocalResponseNorm:
    """b = a / (k + alpha * sum of a^2 over n neighbouring maps)^beta, with the constants of the paper."""
    # torch divides alpha by n, the paper does not.
    return nn.LocalResponseNorm(N, alpha=ALPHA * N, beta=BETA, k=K)
