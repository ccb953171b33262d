"""PSNR put together from parts of which any may be a wrong one: what `metrics.psnr` knows by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Call, Misconception

Formula = Callable[[Any, Tensor, Tensor], Tensor]
View = Callable[[Tensor, float], Tensor]
Peak = Callable[[Tensor, Tensor, float], Any]

MAE = "the error is the mean absolute one (MAE); PSNR is about the mean squared one (MSE)"
TWENTY = "20 log10 is taken of L^2 / MSE or L / MSE; 20 belongs to the root, L / RMSE"
NATURAL = "the natural logarithm is used; decibels need log10"
POOLED = "the MSE is pooled over the batch before the logarithm; PSNR is per image, then averaged"
OWN_RANGE = "the data range is taken from the pixels instead of the argument data_range"
LUMA = "RGB is turned into luma Y first; this contract is about all channels"
LUMA_CROPPED = "RGB is turned into luma Y and a border is cropped; this contract does neither"
EIGHT_BITS = "pixels are rounded to 8 bits; this contract rounds nothing"

FORMULAS: tuple[tuple[str, Formula], ...] = (
    ("the data range is not squared: 10 log10(L^2 / MSE)", lambda L, mse, mae: 10 * (L / mse).log10()),
    (
        "10 log10 is taken of L / RMSE; with the root it must be 20",
        lambda L, mse, mae: 10 * (L / mse.sqrt()).log10(),
    ),
    ("L^2 is divided by the RMSE, not the MSE", lambda L, mse, mae: 10 * (L**2 / mse.sqrt()).log10()),
    (TWENTY, lambda L, mse, mae: 20 * (L**2 / mse).log10()),
    (TWENTY, lambda L, mse, mae: 20 * (L / mse).log10()),
    (NATURAL, lambda L, mse, mae: 10 * (L**2 / mse).log()),
    ("the logarithm to base 2 is used; decibels need log10", lambda L, mse, mae: 10 * (L**2 / mse).log2()),
    (MAE, lambda L, mse, mae: 20 * (L / mae).log10()),
    (MAE, lambda L, mse, mae: 10 * (L / mae).log10()),
    (MAE, lambda L, mse, mae: 10 * (L**2 / mae).log10()),
    ("the fraction is upside down, so that the sign is wrong", lambda L, mse, mae: 10 * (mse / L**2).log10()),
    ("the logarithm is missing", lambda L, mse, mae: L**2 / mse),
)
PEAKS: tuple[tuple[str, Peak], ...] = (
    ("the data range is taken as 1 whatever was given", lambda x, y, L: 1.0),
    ("the data range is taken as 255 whatever was given", lambda x, y, L: 255.0),
    (OWN_RANGE, lambda x, y, L: x.max()),
    (OWN_RANGE, lambda x, y, L: y.max()),
    (OWN_RANGE, lambda x, y, L: x.flatten(1).max(1).values),
    (OWN_RANGE, lambda x, y, L: y.flatten(1).max(1).values),
    (OWN_RANGE, lambda x, y, L: torch.maximum(x.max(), y.max())),
    (OWN_RANGE, lambda x, y, L: x.max() - x.min()),
    (OWN_RANGE, lambda x, y, L: y.max() - y.min()),
)


def _luma(x: Tensor, given: float, offset: float = 16.0) -> Tensor:
    """Y of BT.601 in studio range: 16 to 235 of 255."""
    weights = x.new_tensor([65.481, 128.553, 24.966])
    return (torch.einsum("bchw,c->bhw", x[:, :3], weights) + offset * given) / 255


def _full_luma(x: Tensor, given: float) -> Tensor:
    return torch.einsum("bchw,c->bhw", x[:, :3], x.new_tensor([0.299, 0.587, 0.114]))


def _cropped(n: int, view: View = lambda x, given: x) -> View:
    return lambda x, given: view(x, given)[..., n:-n, n:-n]


VIEWS: tuple[tuple[str, View], ...] = (
    (LUMA, _luma),
    (LUMA, _full_luma),
    (
        "the channels are averaged to grey first; this contract is about all channels",
        lambda x, given: x.mean(1),
    ),
    *((f"a border of {n} is cropped; this contract crops nothing", _cropped(n)) for n in (1, 2, 3, 4)),
    *((LUMA_CROPPED, _cropped(n, view)) for n in (1, 2, 3, 4) for view in (_luma, _full_luma)),
    (
        "pixels are clamped to the data range; this contract clamps nothing",
        lambda x, given: x.clamp(0, given),
    ),
    (EIGHT_BITS, lambda x, given: (x / given * 255).round() / 255 * given),
    (EIGHT_BITS, lambda x, given: (x / given * 255).round().clamp(0, 255) / 255 * given),
)


def _right(L: Any, mse: Tensor, mae: Tensor) -> Tensor:
    value: Tensor = 10 * (L**2 / mse).log10()
    return value


def _psnr(
    formula: Formula = _right,
    peak: Peak = lambda x, y, L: L,
    view: View = lambda x, given: x,
    keep: int = 1,
    join: Callable[[Tensor], Tensor] = torch.mean,
) -> Call:
    """PSNR with some part replaced; `keep` axes (1 images, 2 channels too) are left out of the MSE."""

    def psnr(prediction: Tensor, target: Tensor, data_range: float) -> Tensor:
        error: Tensor = view(prediction, data_range) - view(target, data_range)
        error = error.flatten() if keep == 0 else error.flatten(0, keep - 1).flatten(1)
        L = peak(prediction, target, data_range)
        return join(formula(L, error.square().mean(-1), error.abs().mean(-1)))

    return psnr


pooled_psnr = _psnr(keep=0)


def _wrong() -> tuple[Misconception, ...]:
    """Each mistake alone, then each together with pooling."""
    parts: list[tuple[int, str, dict[str, Any]]] = [
        *((70, text, {"formula": formula}) for text, formula in FORMULAS),
        *((69, text, {"peak": peak}) for text, peak in PEAKS),
        *((72, text, {"view": view}) for text, view in VIEWS),
    ]
    whole: list[tuple[int, str, dict[str, Any]]] = [
        (71, POOLED, {"keep": 0}),
        (
            71,
            "the PSNRs of the channels are averaged; the MSE runs over all channels of an image",
            {"keep": 2},
        ),
        (71, "the PSNRs of the images are summed, not averaged", {"join": torch.sum}),
        (71, "the median over the images is taken, not the mean", {"join": torch.median}),
    ]
    pairs = [(number, f"{text}; and {POOLED}", {**part, "keep": 0}) for number, text, part in parts]
    return tuple(
        Misconception(number=number, sentence=text, function=_psnr(**part))
        for number, text, part in [*parts, *whole, *pairs]
    )


WRONG_PSNR = _wrong()
