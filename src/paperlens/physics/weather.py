"""Between the scene and the lens: rain, and a window that reflects."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from paperlens.physics.blur import blur, gaussian_kernel
from paperlens.physics.geometry import move

Images = Float[Tensor, "b c h w"]
Number = float | int


def rain(
    image: Images,
    generator: torch.Generator,
    density: Number = 0.005,
    length: int = 15,
    strength: Number = 0.6,
) -> Images:
    """Bright streaks near one angle added to the scene: O = B + R of Yang et al., CVPR 2017, Eq. 1, clipped.

    density: share of pixels where a streak begins; length: pixels, odd; strength: brightness of a streak.
    Angles lie within 20 degrees of vertical. Streaks only: no veil of distant rain, no drops on the lens.
    """
    if not 0 <= density <= 1:
        raise ValueError(f"density is {density}; it is a share of pixels, 0..1")
    b, _, h, w = image.shape
    drops = (torch.rand(b, 1, h, w, generator=generator) < density).to(image)
    tilt = (torch.rand((), generator=generator) - 0.5) * torch.pi / 4.5
    streak = gaussian_kernel(length, length / 5, 0.5, float(torch.pi / 2 + tilt)).to(image)
    layer = blur(drops, streak / streak.max())
    return (image + strength * layer).clamp(0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReflectionPair:
    """What the camera saw through the glass, and the scene that is asked for; aligned or not."""

    mixture: Images
    target: Images


def reflection(
    scene: Images,
    mirrored: Images,
    generator: torch.Generator,
    *,
    strength: Number = 0.4,
    defocus: Number = 3.0,
    misalignment: Number = 0.0,
) -> ReflectionPair:
    """M = clip((1 - a) T + a (k * R)): the scene T behind glass, the room R in front of it, out of focus.

    mirrored: R, any size, resized to the scene. strength: a in 0..1; defocus: SD of k in pixels.
    misalignment: SD in pixels of the target's displacement, as when the glass was taken away and the camera
    moved; it is also turned by a tenth of a degree per pixel of it. 0 keeps the pair aligned. After Fan et
    al., ICCV 2017, and Wei et al. (ERRNet), CVPR 2019, who train on misaligned pairs.
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength is {strength}; it is a share of light, 0..1")
    room = F.interpolate(mirrored, scene.shape[-2:], mode="bilinear", align_corners=False, antialias=True)
    size = 2 * int(3 * defocus) + 1
    mixture = (1 - strength) * scene + strength * blur(room, gaussian_kernel(size, max(defocus, 1e-3)))
    target = scene
    if misalignment > 0:
        dy, dx, turn = (misalignment * torch.randn(3, generator=generator)).tolist()
        target = move(scene, rows=dy, columns=dx, degrees=0.1 * turn)
    return ReflectionPair(mixture=mixture.clamp(0, 1), target=target)
