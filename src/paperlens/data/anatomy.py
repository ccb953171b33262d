"""One person's head: the template warped, sharpened and given what an average lost.

Three tissue maps alone fix every contrast, so that a T1 image would predict the T2 image almost perfectly.
What is added here belongs to single parameters: texture of PD, T1 and T2, each its own; iron, which shortens
T2 only; lesions, bright on T2 and nearly silent on T1; vessels, dark on spin echo and bright on MPRAGE. Sizes
and strengths are chosen to look and measure plausible, not fitted to people.
"""

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from paperlens.data.fields import EXTENT, Lattice
from paperlens.data.relaxation import rows
from paperlens.data.scalp import surroundings
from paperlens.data.template import ORIGIN, template

Map = Float[Tensor, "z h w"]
WHITE_INTENSITY = 0.87  # mean of the template's T1 map where white matter is certain
LABELS = ("background", "csf", "gray", "white", "lesion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """Fractions of each voxel and relative changes of its parameters, all float32, one tensor a map."""

    csf: Map
    gray: Map
    white: Map
    lesion: Map  # share of the white matter that is damaged, 0..1
    black_hole: Map  # share of it whose T1 is long as well, 0..1
    vessel: Map  # share of flowing blood, 0..1
    iron: Map  # parts per million by mass
    pd: Map  # relative change of proton density
    r1: Map  # relative change of 1/T1
    r2: Map  # relative change of 1/T2
    around: Float[Tensor, "3 z h w"]  # shares of what lies around the brain, in the order of scalp.SHELLS


def build(generator: torch.Generator, lattice: Lattice) -> Anatomy:
    """The anatomy of the generator's seed at the voxels of the lattice; draws in a fixed order."""
    position = warp(generator, lattice)
    sampled = F.grid_sample(
        template()[None], _unit(position)[None], mode="bilinear", padding_mode="zeros", align_corners=True
    )[0]
    power, fluid = torch.rand(2, generator=generator) * torch.tensor([1.5, 0.9]) + torch.tensor([2.5, 1.6])
    csf, gray, white = sharpen(sampled[:3], power, fluid)
    myelin = (sampled[3] - WHITE_INTENSITY).clamp(-0.2, 0.2)
    lesion, black_hole = lesions(generator, position)
    coarse, fine, finest = (lattice.field(generator, spacing, 3) for spacing in (9.0, 3.0, 1.8))
    texture = 0.5 * coarse + 0.6 * fine + 0.6 * finest
    return Anatomy(
        csf=csf,
        gray=gray,
        white=white,
        lesion=lesion,
        black_hole=black_hole,
        vessel=vessels(generator, lattice) * _near_fluid(sampled[0]),
        iron=iron(generator, position),
        pd=0.05 * texture[0],
        r1=0.05 * texture[1] + 0.3 * myelin * white,
        r2=0.05 * texture[2],
        around=surroundings(generator, lattice, position),
    )


def warp(generator: torch.Generator, lattice: Lattice) -> Float[Tensor, "3 z h w"]:
    """Where each voxel takes its tissue from, template mm: size and slant of the head, bends of 45 and 14 mm."""
    centre = rearrange(torch.tensor([e / 2 for e in EXTENT]), "d -> d 1 1 1")
    position = lattice.positions() - centre
    matrix = torch.eye(3) + 0.03 * torch.randn(3, 3, generator=generator)
    position = torch.einsum("ij,jzhw->izhw", matrix, position) + centre
    position = position + 2.5 * lattice.field(generator, 45.0, 3)
    return position + 0.8 * lattice.field(generator, 14.0, 3)


def sharpen(
    shares: Float[Tensor, "3 z h w"], power: Float[Tensor, ""], fluid: Float[Tensor, ""]
) -> Float[Tensor, "3 z h w"]:
    """Averaging 152 people blurred the cortex and filled its sulci: undo part of both.

    The share of fluid is weighted up by `fluid`, all shares are raised to `power` and renormalised to the
    same total.
    """
    total = shares.sum(0)
    raised = torch.stack([fluid * shares[0], shares[1], shares[2]]) ** power
    return raised / raised.sum(0).clamp_min(1e-6) * total


def lesions(generator: torch.Generator, position: Float[Tensor, "3 z h w"]) -> tuple[Map, Map]:
    """Shares damaged and black: 3 to 12 blobs in white matter, radii 1.5 to 4 mm, a third black holes."""
    white = template()[2]
    candidates = (white > 0.9).nonzero()
    count = int(torch.randint(3, 13, (), generator=generator))
    chosen = candidates[torch.randint(len(candidates), (count,), generator=generator)].float()
    radii = 1.5 + 2.5 * torch.rand(count, 3, generator=generator)
    black = torch.rand(count, generator=generator) < 1 / 3
    damaged, holes = torch.zeros(position.shape[1:]), torch.zeros(position.shape[1:])
    for centre, radius, hole in zip(chosen, radii, black, strict=True):
        near = ((position[0].mean((1, 2)) - centre[0]).abs() < 20).nonzero()[
            :, 0
        ]  # the other planes are out of reach
        if len(near) == 0:
            continue
        planes = slice(int(near[0]), int(near[-1]) + 1)
        share = _ellipsoid(position[:, planes], centre, radius)
        damaged[planes] = torch.maximum(damaged[planes], share)
        if hole:
            holes[planes] = torch.maximum(holes[planes], share)
    return damaged, holes


def iron(generator: torch.Generator, position: Float[Tensor, "3 z h w"]) -> Map:
    """Iron of the deep nuclei in ppm (data/physics/nuclei.csv) times 0.6 to 1.2, which stands for age."""
    age = 0.6 + 0.6 * torch.rand((), generator=generator)
    result = torch.zeros(position.shape[1:])
    for row in rows("nuclei"):
        x, y, z = (float(row[f"{axis}_mm"]) for axis in "xyz")
        radius = torch.tensor([float(row[f"r{axis}_mm"]) for axis in "zyx"])
        for side in (-1, 1):
            centre = torch.tensor(ORIGIN) + torch.tensor([z, -y, -side * x])
            near = ((position[0].mean((1, 2)) - centre[0]).abs() < 25).nonzero()[:, 0]
            if len(near):
                planes = slice(int(near[0]), int(near[-1]) + 1)
                share = _ellipsoid(position[:, planes], centre, radius)
                result[planes] = torch.maximum(result[planes], age * float(row["iron_ppm"]) * share)
    return result


def vessels(generator: torch.Generator, lattice: Lattice) -> Map:
    """Tubes about 1.4 mm wide along the curves where two random fields both vanish."""
    both = rearrange(lattice.field(generator, 11.0, 2, slopes=True), "(d f) z h w -> f d z h w", f=2)
    distance = torch.zeros(lattice.shape)
    for values in both:
        slope = values[1:].square().sum(0).clamp_min(1e-4)
        distance += values[0].square() / slope  # squared distance to the zero surface, to first order, in mm
    return torch.sigmoid((0.7 - distance.sqrt()) / 0.2)


def _near_fluid(fluid: Map) -> Map:
    """Large vessels run in the fluid spaces: 0 deep in tissue, 1 from a fluid share of one half."""
    return (2.5 * F.avg_pool2d(fluid[:, None], 3, stride=1, padding=1)[:, 0] - 0.25).clamp(0, 1)


def _ellipsoid(
    position: Float[Tensor, "3 z h w"], centre: Float[Tensor, "3"], radius: Float[Tensor, "3"]
) -> Map:
    """1 inside, 0 outside, with an edge about 1 mm wide."""
    scaled = (position - rearrange(centre, "d -> d 1 1 1")) / rearrange(radius, "d -> d 1 1 1")
    return torch.sigmoid((1 - scaled.square().sum(0).sqrt()) * radius.mean() * 2)


def _unit(position: Float[Tensor, "3 z h w"]) -> Float[Tensor, "z h w 3"]:
    """Template mm to grid_sample's -1..1, columns first."""
    size = rearrange(torch.tensor(EXTENT) - 1, "d -> d 1 1 1")
    return rearrange((2 * position / size - 1).flip(0), "d z h w -> z h w d")
