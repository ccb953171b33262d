"""Which of two pictures of equal squared error is nearer? A test of distances on pictures never trained on.

One of the two is damaged, the other changed without harm by exactly as much mean squared error. People prefer the
harmless one: Wang et al. (IEEE TIP 2004, Fig. 2) show it for brightness and contrast against blur, JPEG and noise,
Zhang et al. (CVPR 2018, Fig. 1) for a slight warp against blur. The pairs here are made by that rule; nobody was
asked. L2 is 1/2 by construction, guessing too.

Some damages and changes were part of the training, others were not; each result says which.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from paperlens import losses
from paperlens.physics.blur import blur, motion_kernel
from paperlens.physics.geometry import bend, move
from paperlens.physics.sampling import truncate_kspace, zero_fill
from paperlens.recipes.efficient.feature_tasks import brains, damaged, pictures

SIDE, TRIES = 64, 40
Image = Float[Tensor, "1 3 h w"]
Distance = Callable[[Image, Image], Float[Tensor, ""]]

TRAINED_DAMAGES = ("blur", "noise", "jpeg", "pixels")
NEW_DAMAGES = ("motion blur", "ringing", "salt and pepper", "few levels")
TRAINED_CHANGES = ("brightness", "contrast", "shift")
NEW_CHANGES = ("warp", "turn", "gamma")
LIMITS = {"brightness": 0.3, "contrast": 0.6, "shift": 3.0, "warp": 2.5, "turn": 6.0, "gamma": 1.2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A crop with its damaged and its harmlessly changed form, all `1 3 64 64`, equal error within 2 %."""

    damage: str
    change: str
    crop: Image
    worse: Image
    better: Image


def spoiled(image: Image, kind: str, generator: torch.Generator) -> Image:
    """Damage of random strength."""
    strength = 0.15 + 0.6 * float(torch.rand((), generator=generator))
    if kind in TRAINED_DAMAGES:
        return damaged(image, kind, strength, generator)
    if kind == "motion blur":
        return blur(image, motion_kernel(generator, 2 * round(3 + 6 * strength) + 1))
    if kind == "ringing":
        return zero_fill(truncate_kspace(image, 2 if strength < 0.4 else 4), image.shape[-2:]).real.clamp(
            0, 1
        )
    if kind == "salt and pepper":
        hit = torch.rand(1, 1, *image.shape[-2:], generator=generator)
        share = 0.04 * strength
        return torch.where(hit < share / 2, 0.0, torch.where(hit > 1 - share / 2, 1.0, image))
    if kind == "few levels":
        levels = round(4 + 6 * (1 - strength))
        return (image * levels).round().div(levels)
    raise ValueError(f"damage {kind!r} is not one of {TRAINED_DAMAGES + NEW_DAMAGES}")


def changed(image: Image, kind: str, amount: float, seed: int) -> Image:
    """A harmless change of signed size; `seed` fixes what else it draws, so that only the size varies."""
    if kind == "brightness":
        return (image + amount).clamp(0, 1)
    if kind == "contrast":
        return ((image - image.mean()) * (1 + amount) + image.mean()).clamp(0, 1)
    if kind == "gamma":
        return image.clamp_min(1e-6).pow(2.0**amount)
    if kind == "shift":
        angle = torch.rand((), generator=torch.Generator().manual_seed(seed)) * 2 * torch.pi
        return move(image, rows=amount * float(angle.sin()), columns=amount * float(angle.cos()))
    if kind == "turn":
        return move(image, degrees=amount)
    if kind == "warp":
        return bend(image, torch.Generator().manual_seed(seed), amplitude=amount)
    raise ValueError(f"change {kind!r} is not one of {TRAINED_CHANGES + NEW_CHANGES}")


def matched(image: Image, kind: str, error: float, sign: float, seed: int) -> Image | None:
    """The change whose mean squared error is `error` within 2 %, by bisection; None where no size reaches it."""
    low, high = 0.0, LIMITS[kind]
    for _ in range(30):
        middle = (low + high) / 2
        result = changed(image, kind, sign * middle, seed)
        found = float((result - image).square().mean())
        if abs(found - error) < 0.02 * error:
            return result
        low, high = (middle, high) if found < error else (low, middle)
    return None


def pairs(
    kinds: tuple[str, ...], changes: tuple[str, ...], each: int, split: str = "test", seed: int = 0
) -> list[Pair]:
    """`each` pairs of every damage with every change, three quarters photographs, one quarter phantom slices."""
    photos, slices = list(pictures(split).values()), list(brains(split).values())
    found = []
    for i, damage in enumerate(kinds):
        for j, change in enumerate(changes):
            generator = torch.Generator().manual_seed(10_000 * seed + 100 * i + j)
            made = 0
            for number in range(each * TRIES):
                if made == each:
                    break
                own = slices if number % 4 == 3 else photos
                image = own[int(torch.randint(len(own), (), generator=generator))]
                top, left = (int(torch.randint(n - SIDE, (), generator=generator)) for n in image.shape[-2:])
                crop = image[..., top : top + SIDE, left : left + SIDE]
                worse = spoiled(crop, damage, generator)
                error = float((worse - crop).square().mean())
                sign, drawn = (int(v) for v in torch.randint(2**20, (2,), generator=generator))
                if float(crop.std(correction=0)) < 0.05 or error < 1e-5:
                    continue
                better = matched(crop, change, error, 1.0 if sign % 2 else -1.0, drawn)
                if better is not None:
                    found.append(Pair(damage=damage, change=change, crop=crop, worse=worse, better=better))
                    made += 1
    return found


@torch.no_grad()
def right(distance: Distance, tested: list[Pair]) -> list[float]:
    """For each pair 1 where the harmless change is nearer, 0 where it is not, 1/2 for a tie."""
    found = []
    for pair in tested:
        near, far = float(distance(pair.better, pair.crop)), float(distance(pair.worse, pair.crop))
        found.append(0.5 if near == far else float(near < far))
    return found


def plain() -> dict[str, Distance]:
    """The distances without features that every table shows."""
    return {"L1": losses.l1, "SSIM": losses.ssim}
