"""Super-resolution of T2 slices with and without a T1 slice as guide, and the guide somewhere else.

Slices of the phantom are truncated by 4 in k-space and zero-filled; six convolutions restore them. The guided
network is trained with the guide in place, then also scored with the guide moved by half a pixel, one and
two, and with another subject's guide. All planes of a subject are on one side of the split; all subjects bend
one template.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.data.phantoms import Phantom, phantom
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
SHIFTS = (0.5, 1.0, 2.0)  # pixels of the high-resolution grid, to the right
SUBJECTS = {"train": 6, "test": 3}
Stack = Float[Tensor, "n 1 h w"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Some planes of one subject, each volume over its largest value in these planes."""

    name: str
    target: Stack  # T2
    guide: Stack  # T1 of the same planes
    low: Stack  # T2 truncated by SCALE and zero-filled


def planes(profile: Profile) -> range:
    """Ten planes of a subject, 6 mm apart; two where nothing is to be learned."""
    return profile.pick(smoke=range(28, 40, 6), class_=range(4, 64, 6))


def subjects(split: str, profile: Profile) -> tuple[Slices, ...]:
    """The subjects of a split, simulated on `planes` alone; two where nothing is to be learned."""
    return _built(split, profile.pick(smoke=2, class_=SUBJECTS[split]), planes(profile))


@functools.cache
def _built(split: str, count: int, chosen: range) -> tuple[Slices, ...]:
    return tuple(_slices(person, chosen) for person in phantom(count, split))


def _slices(person: Phantom, chosen: range) -> Slices:
    target, guide = (_over_maximum(person.image(contrast, chosen).abs()) for contrast in ("T2", "T1"))
    low = zero_fill(truncate_kspace(target, SCALE), target.shape[-2:]).real
    return Slices(name=person.name, target=target, guide=guide, low=low)


def _over_maximum(planes_of_one: Float[Tensor, "n h w"]) -> Stack:
    return (planes_of_one / planes_of_one.max())[:, None]


def names(split: str) -> Sequence[str]:
    """The phantom's subjects of a split."""
    return [person.name for person in phantom(SUBJECTS[split], split)]


def source(profile: Profile, data: Path | None, guided: bool) -> Source:
    """Aligned crops of the training subjects; `data` is not read, the phantom is built."""
    people = subjects("train", profile)
    fields = ("low", "guide", "target") if guided else ("low", "target")
    batch, patch = profile.pick(smoke=(2, 16), class_=(8, 32))
    stacks = tuple(torch.cat([getattr(person, field) for person in people]) for field in fields)
    return AlignedCrops(stacks=stacks, batch=batch, patch=patch)


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


def zero_filled(profile: Profile) -> Scores:
    """The baseline: what the guided and the unguided network start from."""
    return {one.name: scored(one.low, one.target) for one in subjects("test", profile)}


def unguided_scores(network: nn.Module | None, profile: Profile) -> Scores:
    """PSNR and SSIM of every test subject."""
    if network is None:
        return zero_filled(profile)
    people = subjects("test", profile)
    return {one.name: scored(restore(network, one.low), one.target) for one in people}


def guided_scores(network: nn.Module | None, profile: Profile) -> Scores:
    """The same with the guide in place; PSNR also with the guide moved, and with the next subject's guide."""
    if network is None:
        return zero_filled(profile)
    people = subjects("test", profile)
    result = Scores()
    for one, other in zip(people, (*people[1:], people[0]), strict=True):
        guides = {moved(d): shift(one.guide, 0.0, d).real for d in SHIFTS} | {ANOTHER: other.guide}
        result[one.name] = scored(restore(network, one.low, one.guide), one.target) | {
            name: decibels(restore(network, one.low, guide), one.target) for name, guide in guides.items()
        }
    return result


def scored(prediction: Stack, target: Stack) -> dict[str, float]:
    """PSNR and SSIM of a subject: means over its slices."""
    similarity = round(float(ssim_each(prediction, target, 1.0).mean()), 5)
    return {"psnr": decibels(prediction, target), "ssim": similarity}


def moved(distance: float | int) -> str:
    """The metric's name in a results file."""
    return f"psnr, guide {distance:g} px away"


ANOTHER = "psnr, another subject's guide"


def _source(guided: bool) -> Callable[[Profile, Path | None], Source]:
    return lambda profile, data: source(profile, data, guided)


GUIDED = Recipe(
    name="mri_guided",
    trains="six convolutions, 10 thousand parameters: T2 truncated by 4 and zero-filled, with T1 beside it",
    departures=("no paper: the smallest network that can use a guide, on a phantom",),
    network=lambda profile: Small(2),
    source=_source(guided=True),
    objective=supervised(l1),
    plan=plan,
    pictures=names,
    score=guided_scores,
    protocol="ten slices of each of three test subjects, k-space truncated by 4; PSNR and Gaussian SSIM of each "
    "slice, data range 1, the subject's maximum in these slices; background in, no border cut; mean over slices",
    gain=4.0,
    tolerance=0.5,
    paper_estimate="there is no paper; profile gpu takes minutes on any graphics card",
)
UNGUIDED = replace(
    GUIDED,
    name="mri_unguided",
    trains="six convolutions, 10 thousand parameters: T2 truncated by 4 and zero-filled, alone",
    network=lambda profile: Small(1),
    source=_source(guided=False),
    score=unguided_scores,
    gain=1.5,
)
STUDY = (GUIDED, UNGUIDED)
