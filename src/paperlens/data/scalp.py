"""What lies around the brain: bone, its marrow, muscle, fat and skin, in shells of changing thickness.

The template is a brain without a head, and a brain that ends in fluid against nothing has one outline that a few
convolutions learn by heart (two thirds of the error of a truncated slice, and nearly all of the gain, were there). So
the head is built outwards by the distance from the brain: dura and inner table (dark), marrow, outer table (dark),
muscle, fat with its septa, skin. Thicknesses and textures are chosen to look plausible, not fitted to people; face,
eyes and ears are missing.
"""

from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from paperlens.data.cache import stored
from paperlens.data.fields import EXTENT, Lattice
from paperlens.data.template import template

SHELLS = ("marrow", "muscle", "fat")  # the rows of data/physics/scalp.csv; bone and air give no signal
FAR = 25.0  # mm


def surroundings(
    generator: torch.Generator, lattice: Lattice, position: Float[Tensor, "3 z h w"]
) -> Float[Tensor, "3 z h w"]:
    """Shares of marrow, muscle (with the skin) and fat in each voxel, 0..1; `position`: template mm."""
    distance = _distance_at(position)
    thick = lattice.field(generator, 30.0, 4)
    uneven = lattice.field(generator, 8.0, 3)
    fine = lattice.field(generator, 4.0, 3)
    draw = torch.rand(4, generator=generator)
    edges = [1.5 + 1.0 * draw[0] + 0.6 * uneven[0]]  # where the marrow begins, behind dura and inner table
    for thickness in (
        (1.0 + 3.0 * draw[1] + 1.2 * thick[0] + 0.4 * uneven[1]).clamp_min(0.2),  # marrow
        (1.3 + 0.4 * thick[1]).clamp_min(0.6),  # outer table
        (1.0 + 2.5 * thick[2]).clamp_min(0.0),  # muscle, in places
        (1.0 + 5.0 * draw[2] + 1.5 * thick[3] + 0.4 * uneven[2]).clamp_min(0.5),  # fat
        1.0 + 1.0 * draw[3] + 0.0 * distance,  # skin
    ):
        edges.append(edges[-1] + thickness)
    shell = [_between(distance, low, high) for low, high in pairwise(edges)]
    septa = torch.exp(-((fine[0] / 0.25) ** 2))
    return torch.stack(
        [
            shell[0] * (0.65 + 0.3 * fine[1]).clamp(0, 1),
            shell[2] * (0.9 + 0.15 * fine[2]).clamp(0, 1) + 0.9 * shell[4] + 0.6 * shell[3] * septa,
            shell[3] * (1 - 0.8 * septa),
        ]
    )


def _between(distance: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """1 between the two, with edges about 1 mm wide."""
    return torch.sigmoid((distance - low) / 0.3) * torch.sigmoid((high - distance) / 0.3)


def _distance_at(position: Float[Tensor, "3 z h w"]) -> Float[Tensor, "z h w"]:
    size = rearrange(torch.tensor(EXTENT) - 1, "d -> d 1 1 1")
    grid = rearrange((2 * position / size - 1).flip(0), "d z h w -> 1 z h w d")
    key = f"template/distance-{sha256(Path(__file__).read_bytes()).hexdigest()[:12]}"
    distance = torch.from_numpy(stored(key, _distance)).float() / 10
    return F.grid_sample(distance[None, None], grid, padding_mode="border", align_corners=True)[0, 0]


def _distance() -> NDArray[np.int16]:
    """Tenths of a millimetre from the surface of the fluid on the brain, negative inside, at most FAR."""
    from scipy import ndimage

    edt: Any = ndimage.distance_transform_edt
    outside = (template()[:3].sum(0) < 0.5).numpy()
    signed = np.where(outside, edt(outside) - 0.5, 0.5 - edt(~outside))
    return np.asarray((10 * signed.clip(-FAR, FAR)).round(), dtype=np.int16)
