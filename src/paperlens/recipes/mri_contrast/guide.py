"""Super-resolution of T2 slices with and without a T1 slice as guide, and the guide somewhere else.

Slices of the phantom are truncated by 4 in k-space and zero-filled; six convolutions restore them. The guided
network is trained with the guide exactly in place, then also scored with the guide moved to either side by half a
pixel, one and two, and with another subject's guide. Two more recipes ask what misregistration does: one where every
guide is displaced a little, in training and test (SD 0.3 pixels per direction, as scanners deliver it), and its remedy,
training on guides moved at random. All planes of a subject are on one side of the split; all subjects bend one
template.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.data.phantoms import Phantom, PhantomConfig, phantom
from paperlens.data.stacks import AlignedCrops
from paperlens.losses import l1
from paperlens.metrics import psnr_each, ssim_each
from paperlens.physics.sampling import shift, truncate_kspace, zero_fill
from paperlens.recipes.engine.recipe import Recipe
from paperlens.recipes.engine.results import Scores
from paperlens.recipes.mri_contrast.small import Small
from paperlens.train.crops import Source
from paperlens.train.loop import supervised
from paperlens.train.plan import Plan
from paperlens.train.profiles import Profile

SCALE = 4
SHIFTS = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)  # pixels of the high-resolution grid; positive: to the right
LOOSE, MOVES = 0.3, 5  # SD of a displaced guide in pixels; moved copies of each training guide
SUBJECTS = {"train": 6, "test": 3}
Stack = Float[Tensor, "n 1 h w"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Some planes of one subject, each volume over its largest value in these planes."""

    name: str
    target: Stack  # T2
    guide: Stack  # T1 of the same planes
    low: Stack  # T2 truncated by SCALE and zero-filled
    head: Bool[
        Tensor, "n 1 h w"
    ]  # where the target, averaged over 9 x 9 pixels, is above a twentieth of its maximum


def planes(profile: Profile) -> range:
    """Ten planes of a subject, 6 mm apart; two where nothing is to be learned."""
    return profile.pick(smoke=range(28, 40, 6), class_=range(4, 64, 6))


def subjects(split: str, profile: Profile, misregistration: float = 0.0) -> tuple[Slices, ...]:
    """The subjects of a split, simulated on `planes` alone; two where nothing is to be learned."""
    return _built(split, profile.pick(smoke=2, class_=SUBJECTS[split]), planes(profile), misregistration)


@functools.cache
def _built(split: str, count: int, chosen: range, misregistration: float) -> tuple[Slices, ...]:
    config = PhantomConfig(misregistration=misregistration)
    return tuple(_slices(person, chosen) for person in phantom(count, split, config))


def _slices(person: Phantom, chosen: range) -> Slices:
    target, guide = (_over_maximum(person.image(contrast, chosen).abs()) for contrast in ("T2", "T1"))
    low = zero_fill(truncate_kspace(target, SCALE), target.shape[-2:]).real
    head = F.avg_pool2d(target, 9, stride=1, padding=4) > 0.05
    return Slices(name=person.name, target=target, guide=guide, low=low, head=head)


def _over_maximum(planes_of_one: Float[Tensor, "n h w"]) -> Stack:
    return (planes_of_one / planes_of_one.max())[:, None]


def names(split: str) -> Sequence[str]:
    """The phantom's subjects of a split."""
    return [person.name for person in phantom(SUBJECTS[split], split)]


def source(profile: Profile, people: Sequence[Slices], fields: Sequence[str]) -> Source:
    """Aligned crops of these fields of the training subjects."""
    batch, patch = profile.pick(smoke=(2, 16), class_=(8, 32))
    stacks = tuple(torch.cat([getattr(person, field) for person in people]) for field in fields)
    return AlignedCrops(stacks=stacks, batch=batch, patch=patch)


def moved_guides(people: Sequence[Slices]) -> list[Slices]:
    """Every subject several times, its guide moved by up to two pixels along both axes, drawn once."""
    generator, found = torch.Generator().manual_seed(0), list(people)
    for one in people:
        for _ in range(MOVES):
            rows, columns = (4 * torch.rand(2, generator=generator) - 2).tolist()
            found.append(replace(one, guide=shift(one.guide, rows, columns).real))
    return found


def plan(profile: Profile, seed: int) -> Plan:
    """Half a minute on a processor; ten times as long on a graphics card."""
    return Plan(
        steps=profile.pick(smoke=4, class_=1200, gpu=12_000), seed=seed, learning_rate=3e-3, average=0.99
    )


@torch.no_grad()
def restore(network: nn.Module, *inputs: Stack) -> Stack:
    """The network's output, slice by slice, so that memory stays small."""
    device = next(network.parameters()).device
    network.eval()
    parts = [network(*(stack[i : i + 1].to(device) for stack in inputs)) for i in range(len(inputs[0]))]
    return torch.cat(parts).cpu()


def decibels(prediction: Stack, target: Stack) -> float:
    """Mean over slices of the PSNR with data range 1, the largest value of the subject."""
    return round(float(psnr_each(prediction, target, 1.0).mean()), 4)


def inside(prediction: Stack, one: Slices) -> float:
    """The same over the pixels of the head alone: half of a slice is air, and air is easy."""
    errors = ((prediction - one.target).square() * one.head).sum((1, 2, 3)) / one.head.sum((1, 2, 3))
    return round(float((-10 * errors.log10()).mean()), 4)


def scored(prediction: Stack, one: Slices, name: str = "psnr") -> dict[str, float]:
    """PSNR of a subject, over all and inside the head: means over its slices."""
    return {name: decibels(prediction, one.target), f"head {name}": inside(prediction, one)}


def full(prediction: Stack, one: Slices) -> dict[str, float]:
    """The same with the SSIM."""
    similarity = round(float(ssim_each(prediction, one.target, 1.0).mean()), 5)
    return scored(prediction, one) | {"ssim": similarity}


def unguided_scores(network: nn.Module | None, profile: Profile) -> Scores:
    """Every test subject; without a network zero filling."""
    people = subjects("test", profile)
    return {one.name: full(one.low if network is None else restore(network, one.low), one) for one in people}


def guided_scores(network: nn.Module | None, profile: Profile, misregistration: float = 0.0) -> Scores:
    """With the guide where the scan has it, moved to both sides, and replaced by the next subject's."""
    if network is None:
        return unguided_scores(None, profile)
    people = subjects("test", profile, misregistration)
    result = Scores()
    for one, other in zip(people, (*people[1:], people[0]), strict=True):
        result[one.name] = full(restore(network, one.low, one.guide), one)
        guides = {moved(d): shift(one.guide, 0.0, d).real for d in SHIFTS} | {ANOTHER: other.guide}
        for name, guide in guides.items():
            result[one.name] |= scored(restore(network, one.low, guide), one, name)
    return result


def moved(distance: float | int) -> str:
    """The metric's name in a results file; "head " before it for the pixels of the head."""
    return f"psnr, guide {distance:+g} px away"


ANOTHER = "psnr, another subject's guide"
ALONE, BOTH = ("low", "target"), ("low", "guide", "target")


def loose_scores(network: nn.Module | None, profile: Profile) -> Scores:
    """As `guided_scores`, every guide displaced as a scanner displaces it."""
    return guided_scores(network, profile, LOOSE)


GUIDED = Recipe(
    name="mri_guided",
    trains="six convolutions, 10 thousand parameters: T2 truncated by 4 and zero-filled, T1 exactly in place",
    departures=("no paper: the smallest network that can use a guide, on a phantom",),
    network=lambda profile: Small(2),
    source=lambda profile, data: source(profile, subjects("train", profile), BOTH),
    objective=supervised(l1),
    plan=plan,
    pictures=names,
    score=guided_scores,
    protocol="ten slices of each of three test subjects, k-space truncated by 4; PSNR of each slice, over all and over "
    "the head alone, and Gaussian SSIM; data range 1, the subject's maximum in these slices; no border cut; mean over "
    "slices",
    gain=4.0,
    tolerance=0.5,
    paper_estimate="there is no paper; profile gpu takes minutes on any graphics card",
)
UNGUIDED = replace(
    GUIDED,
    name="mri_unguided",
    trains="six convolutions, 10 thousand parameters: T2 truncated by 4 and zero-filled, alone",
    network=lambda profile: Small(1),
    source=lambda profile, data: source(profile, subjects("train", profile), ALONE),
    score=unguided_scores,
    gain=1.5,
)
DISPLACED = replace(
    GUIDED,
    name="mri_guided_loose",
    trains=f"the same, every guide displaced (SD {LOOSE} pixels per direction), in training and test",
    source=lambda profile, data: source(profile, subjects("train", profile, LOOSE), BOTH),
    score=loose_scores,
    gain=3.0,
)
REMEDY = replace(
    GUIDED,
    name="mri_guided_moved",
    trains=f"the same, trained on {MOVES} more copies of each slice with the guide moved by up to two pixels",
    source=lambda profile, data: source(profile, moved_guides(subjects("train", profile)), BOTH),
    gain=3.0,
)
STUDY = (UNGUIDED, GUIDED, DISPLACED, REMEDY)
