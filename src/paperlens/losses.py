"""What training minimises: pure functions of a prediction and its target, each a mean, each differentiable.

All take `b c h w` of any float dtype and return a tensor with no axes. Shapes must agree: broadcasting would
train towards nonsense, so it raises ValueError with both shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from einops import einsum, rearrange
from jaxtyping import Float
from torch import Tensor

from paperlens.metrics.shapes import same_shape
from paperlens.metrics.structure import ssim as ssim_metric

Features = Callable[[Tensor], Sequence[Tensor] | Mapping[str, Tensor]]
"""A feature network: an image in, the maps of some of its layers out (b d y x each)."""
Image = Float[Tensor, "b c h w"]
Loss = Float[Tensor, ""]


def l1(prediction: Image, target: Image) -> Loss:
    """Mean absolute error."""
    same_shape(prediction, target)
    return (prediction - target).abs().mean()


def charbonnier(prediction: Image, target: Image, eps: float | int = 1e-3) -> Loss:
    """mean of sqrt(d^2 + eps^2): L1 with a round bottom, whose slope at 0 is 0 (Charbonnier et al., ICIP 1994).

    Args:
        prediction: any range.
        target: the truth.
        eps: where the parabola turns into the line, in the unit of the pixels; above 0.
    """
    same_shape(prediction, target)
    if eps <= 0:
        raise ValueError(f"eps must be positive, got {eps}: at 0 the slope is not defined")
    return ((prediction - target).square() + eps**2).sqrt().mean()


def frequency(prediction: Image, target: Image) -> Loss:
    """Mean absolute error of the two-dimensional spectra, real and imaginary parts apart (MIMO-UNet, ICCV 2021).

    The transform is orthonormal, so that the loss does not grow with the image.
    """
    same_shape(prediction, target)
    difference = torch.fft.rfft2(prediction - target, norm="ortho")
    return torch.view_as_real(difference).abs().mean()


def ssim(prediction: Image, target: Image, data_range: float | int = 1.0) -> Loss:
    """1 - SSIM, Gaussian window of 11 x 11 (Wang et al., 2004); 0 for equal images."""
    return 1 - ssim_metric(prediction, target, data_range)


def gradient_map(prediction: Image, target: Image) -> Loss:
    """Mean absolute error of the gradient magnitudes (SPSR, CVPR 2020, Eq. 5): edges count, flat areas do not.

    The gradient is the central difference; the border, where it is not defined, is left out.
    """
    same_shape(prediction, target)
    return (_gradient_magnitude(prediction) - _gradient_magnitude(target)).abs().mean()


def _gradient_magnitude(image: Image, eps: float = 1e-12) -> Float[Tensor, "b c y x"]:
    down = image[..., 2:, 1:-1] - image[..., :-2, 1:-1]
    right = image[..., 1:-1, 2:] - image[..., 1:-1, :-2]
    return (down.square() + right.square() + eps).sqrt()  # eps keeps the slope finite in flat areas


def adversarial(
    scores: Float[Tensor, "b ..."],
    real: bool,
    kind: Literal["logistic", "least_squares", "hinge"] = "logistic",
) -> Loss:
    """How far a discriminator's scores are from saying real, or fake.

    A generator minimises `adversarial(D(fake), real=True)`; a discriminator the sum of `adversarial(D(true), True)`
    and `adversarial(D(fake), False)`.

    Args:
        scores: logits before any sigmoid, one an image or one a patch.
        real: what the scores should say.
        kind: "logistic" (Goodfellow et al., 2014, non-saturating), "least_squares" (Mao et al., 2017) or "hinge"
            (Lim and Ye, 2017; for the discriminator alone).
    """
    sign = 1.0 if real else -1.0
    if kind == "logistic":
        return F.softplus(-sign * scores).mean()
    if kind == "least_squares":
        return (scores - float(real)).square().mean()
    return F.relu(1 - sign * scores).mean()


def perceptual(
    prediction: Image, target: Image, features: Features, weights: Sequence[float] | None = None
) -> Loss:
    """Mean absolute distance of feature maps, summed over layers (Johnson et al., ECCV 2016).

    Args:
        prediction: in the range that the feature network was trained on.
        target: the truth; no gradient flows into it.
        features: any network that returns the maps of some layers. Its own parameters are not touched: freeze
            them by leaving them out of the optimiser.
        weights: one for each layer; 1 by default.
    """
    return _over_layers(prediction, target, features, weights, lambda x: x)


def texture(
    prediction: Image, target: Image, features: Features, weights: Sequence[float] | None = None
) -> Loss:
    """Mean absolute distance of Gram matrices, summed over layers (Gatys et al., 2015; EnhanceNet, ICCV 2017).

    The Gram matrix forgets where something is and keeps which features occur together. Arguments as `perceptual`.
    """
    return _over_layers(prediction, target, features, weights, gram)


def gram(maps: Float[Tensor, "b d y x"]) -> Float[Tensor, "b d d"]:
    """Products of all pairs of channels, averaged over positions and divided by the number of channels."""
    flat = rearrange(maps, "b d y x -> b d (y x)")
    count = flat.shape[1] * flat.shape[2]
    return einsum(flat, flat, "b i n, b j n -> b i j") / count


def _over_layers(
    prediction: Image,
    target: Image,
    features: Features,
    weights: Sequence[float] | None,
    view: Callable[[Tensor], Tensor],
) -> Loss:
    same_shape(prediction, target)
    ours = _as_list(features(prediction))
    with torch.no_grad():
        theirs = _as_list(features(target))
    factors = [1.0] * len(ours) if weights is None else list(weights)
    if len(factors) != len(ours):
        raise ValueError(f"{len(factors)} weights for {len(ours)} layers")
    terms = [f * (view(x) - view(y)).abs().mean() for f, x, y in zip(factors, ours, theirs, strict=True)]
    return torch.stack(terms).sum()


def _as_list(maps: Sequence[Tensor] | Mapping[str, Tensor]) -> list[Tensor]:
    return list(maps.values()) if isinstance(maps, Mapping) else list(maps)
