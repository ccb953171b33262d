"""What a network is trained to make small: pure functions of (prediction, target), each a mean over everything.

All take `b c h w` of one floating dtype, in the range the network works in, and return a scalar of that dtype;
l1 and charbonnier take any shape. Unequal shapes raise ValueError: broadcasting would train on nonsense.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from paperlens.metrics.shapes import same_shape
from paperlens.metrics.structure import ssim

Scalar = Float[Tensor, ""]
Images = Float[Tensor, "_b _c _h _w"]  # the underscores: unequal shapes are refused by same_shape, with both
Features = Callable[[Tensor], Sequence[Tensor]]  # any network that gives maps `b d h w`, one a layer


def l1(prediction: Float[Tensor, "..."], target: Float[Tensor, "..."]) -> Scalar:
    """Mean absolute error: what most super-resolution networks are trained with."""
    same_shape(prediction, target)
    return (prediction - target).abs().mean()


def charbonnier(prediction: Float[Tensor, "..."], target: Float[Tensor, "..."], eps: float = 1e-3) -> Scalar:
    """Mean of sqrt(d^2 + eps^2): L1 with a gradient at zero (Charbonnier et al., ICIP 1994; eps as in MPRNet)."""
    same_shape(prediction, target)
    return ((prediction - target).square() + eps**2).sqrt().mean()


def frequency(prediction: Images, target: Images) -> Scalar:
    """L1 between the 2D Fourier transforms, real and imaginary part apart (MIMO-UNet, Eq. 7, at one scale)."""
    same_shape(prediction, target)
    difference = torch.fft.fft2(prediction - target)
    return torch.view_as_real(difference).abs().mean()


def structural(prediction: Images, target: Images, data_range: float = 1.0) -> Scalar:
    """1 - SSIM of 11 x 11 Gaussian windows (Wang et al., TIP 2004)."""
    return 1 - ssim(prediction, target, data_range)


def gradient_map(prediction: Images, target: Images) -> Scalar:
    """L1 between the gradient magnitudes, by central differences (Ma et al., SPSR, CVPR 2020, Eq. 5)."""
    return l1(gradient_magnitude(prediction), gradient_magnitude(target))


def gradient_magnitude(image: Images) -> Images:
    """|grad image| by central differences, zero outside; 1e-6 under the root keeps its own gradient finite."""
    padded = F.pad(image, (1, 1, 1, 1))
    across = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    return (across.square() + down.square() + 1e-6).sqrt()


def discriminator(real_logits: Float[Tensor, "*real"], fake_logits: Float[Tensor, "*fake"]) -> Scalar:
    """Binary cross-entropy: real to one, generated to zero (Goodfellow et al., NIPS 2014, Eq. 1)."""
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def adversarial(fake_logits: Float[Tensor, "*fake"]) -> Scalar:
    """The generator's non-saturating loss, -log D(G(z)) (Goodfellow et al., NIPS 2014, Sec. 3)."""
    return F.softplus(-fake_logits).mean()


def perceptual(prediction: Images, target: Images, features: Features) -> Scalar:
    """Mean squared distance between feature maps, mean over layers (Johnson et al., ECCV 2016, Eq. 2).

    `features` is any network; its parameters should not require gradients. The target's features are constants.
    """
    with torch.no_grad():
        wanted = features(target)
    pairs = zip(features(prediction), wanted, strict=True)
    return torch.stack([F.mse_loss(got, want) for got, want in pairs]).mean()


def texture(prediction: Images, target: Images, features: Features) -> Scalar:
    """Mean squared distance between Gram matrices, mean over layers (Gatys et al., CVPR 2016, Eqs. 3-5, normalised)."""
    with torch.no_grad():
        wanted = [gram(layer) for layer in features(target)]
    pairs = zip((gram(layer) for layer in features(prediction)), wanted, strict=True)
    return torch.stack([F.mse_loss(got, want) for got, want in pairs]).mean()


def gram(features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d d"]:
    """Which channels fire together, wherever they do: F F^T / (d h w)."""
    flat = features.flatten(2)
    return flat @ flat.mT / (flat.shape[1] * flat.shape[2])
