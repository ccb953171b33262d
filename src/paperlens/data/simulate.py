"""From anatomy to the complex image a scanner would see without noise.

Signals are summed by tissue share, each from its own PD, T1 and T2: averaging the rates first is wrong at
every edge, because the sequence's equation is not linear in them.
"""

import math
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from paperlens.data.anatomy import Anatomy
from paperlens.data.fields import Lattice
from paperlens.data.relaxation import rows, tissues
from paperlens.physics.contrast import MPRAGE, Sequence, protocol

Map = Float[Tensor, "z h w"]
LOW_FIELD = 0.1  # T; below it T1 weighting takes the short inversion recovery
# 1/s per ppm and tesla. T2 in the brain at 3 T and 7 T (abstract): R2 = 9 + (0.9 + 2e4 [Fe] + 5.7 [lipid])
# B0,
# [Fe] a mass fraction.
IRON_R2 = 0.02

# Lesions: relative changes of white matter, chosen; nearly silent on T1 unless a black hole, bright on T2.
LESION_PD, LESION_R1, LESION_R2, HOLE_R1 = 0.12, -0.06, -0.45, -0.35


def sequence(contrast: str, field: float | int) -> Sequence:
    """The sequence that makes this contrast at this field."""
    return protocol(contrast, tissues(field)["csf"].t1, low_field=field < LOW_FIELD)


@cache
def tissue_signals(contrast: str, field: float | int) -> dict[str, float]:
    """What pure fluid, gray and white matter give, in fractions of the equilibrium magnetisation of water."""
    scan = sequence(contrast, field)
    return {
        name: float(scan.signal(torch.tensor(t.pd), torch.tensor(t.t1), torch.tensor(t.t2)))
        for name, t in tissues(field).items()
    }


def signal(body: Anatomy, contrast: str, field: float | int) -> Map:
    """The magnitude of what lies in the brain and its fluid, receive field and phase not yet applied."""
    scan, pure = sequence(contrast, field), tissues(field)
    iron = IRON_R2 * field * body.iron / 1000  # 1/ms
    gray, white = pure["gray"], pure["white"]
    image = body.csf * tissue_signals(contrast, field)["csf"]
    image += body.gray * scan.signal(
        gray.pd * (1 + body.pd), gray.t1 / (1 + body.r1), 1 / ((1 + body.r2) / gray.t2 + iron)
    )
    pd = white.pd * (1 + body.pd + LESION_PD * body.lesion)
    r1 = (1 + body.r1 + LESION_R1 * body.lesion + HOLE_R1 * body.black_hole) / white.t1
    r2 = (1 + body.r2 + LESION_R2 * body.lesion) / white.t2 + iron
    image += body.white * scan.signal(pd, 1 / r1, 1 / r2)
    # Blood that flows out of the plane between pulse and echo leaves a void; in a fast train it arrives fresh
    # and shines.
    blood = 1.1 * tissue_signals(contrast, field)["white"] if isinstance(scan, MPRAGE) else 0.0
    return image + body.vessel * (blood - image)


def scalp_signal(
    body: Anatomy, contrast: str, field: float | int, fat: Float[Tensor, "z h w"], shift: tuple[float, float]
) -> Map:
    """The magnitude of marrow, muscle and fat, to be added to `signal`.

    Fat is measured at another frequency than water and so lies `shift` (rows, columns; voxels) away; `fat` weights
    its signal (saturation is never even). The relaxation times are those of 3 T at every field.
    """
    scan = sequence(contrast, field)
    pure = [
        float(scan.signal(*(torch.tensor(float(tissue[name])) for name in ("pd", "t1_ms", "t2_ms"))))
        for tissue in rows("scalp")
    ]
    marrow, muscle, fatty = (share * s for share, s in zip(body.around, pure, strict=True))
    whole: Map = muscle + _moved((marrow + fatty) * fat, *shift)
    return whole


def _moved(image: Map, rows: float, columns: float) -> Map:
    """The content moved by (rows, columns) voxels, linear between whole ones: no ringing, nothing below zero."""
    for axis, distance in ((-2, rows), (-1, columns)):
        whole, part = math.floor(distance), distance - math.floor(distance)
        image = (1 - part) * image.roll(whole, axis) + part * image.roll(whole + 1, axis)
    return image


def receive_field(generator: torch.Generator, lattice: Lattice, nonuniformity: float) -> Map:
    """Multiplicative, smooth over 70 mm, about 1 - nonuniformity/2 to 1 + nonuniformity/2."""
    return torch.exp(nonuniformity / 4 * lattice.field(generator, 70.0)[0])


def background_phase(generator: torch.Generator, lattice: Lattice) -> Map:
    """Radians: a constant and a smooth part, as the coil and the main field leave them."""
    constant = 2 * torch.pi * torch.rand((), generator=generator)
    return constant + 0.5 * lattice.field(generator, 60.0)[0]


def shares(body: Anatomy) -> Float[Tensor, "5 z h w"]:
    """Shares of each voxel in the order of anatomy.LABELS: background, fluid, gray, sound white, lesion."""
    tissue = torch.stack([body.csf, body.gray, body.white * (1 - body.lesion), body.white * body.lesion])
    return torch.cat([(1 - tissue.sum(0, keepdim=True)).clamp_min(0), tissue])
