"""Super-resolution of T2 slices with and without a T1 slice as guide, and the guide somewhere else.

Slices of the phantom are truncated by 4 in k-space and zero-filled; six convolutions restore them. The guided
network is trained with the guide in place, then also scored with the guide moved to either side by half a pixel, one
and two, and with another subject's guide. Two more recipes ask what misregistration does: one where every guide is
displaced a little, in training and test, and its remedy, training on guides moved at random. All planes of a subject
are on one side of the split; all subjects bend one template. `--data FOLDER --target PD --guide T1` asks the same of
people (`slices.of_folder`).
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from paperlens.data.phantoms import PhantomConfig, phantom
from paperlens.data.stacks import AlignedCrops
from paperlens.losses import l1
from paperlens.metrics import psnr_each, ssim_each
from paperlens.physics.sampling import shift
from paperlens.recipes.engine.recipe import Own, Recipe
from paperlens.recipes.engine.results import Scores
from paperlens.recipes.mri_contrast.slices import (
    SUBJECTS,
    People,
    Slices,
    Stack,
    contrasts,
    of_folder,
    of_phantom,
    planes,
    subjects,
)
from paperlens.recipes.mri_contrast.small import Small
from paperlens.train.crops import Source
from paperlens.train.loop import supervised
from paperlens.train.plan import Plan
from paperlens.train.profiles import Profile
from paperlens.train.profiles import profile as profile_of

SHIFTS = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)  # pixels of the high-resolution grid; positive: to the right
LOOSE, MOVES = 0.3, 5  # SD of a displaced guide in pixels per direction; moved copies of each training guide
ANOTHER = "psnr, another subject's guide"


def names(split: str) -> Sequence[str]:
    """The phantom's subjects of a split."""
    return [person.name for person in phantom(SUBJECTS[split], split)]


def source(
    profile: Profile,
    data: Path | None,
    fields: tuple[str, ...] = ("low", "guide", "target"),
    people: People = subjects,
) -> Source:
    """Aligned crops of the training subjects: these `fields` of their slices."""
    batch, patch = profile.pick(smoke=(2, 16), class_=(8, 32))
    held = people("train", profile)
    stacks = tuple(torch.cat([getattr(person, field) for person in held]) for field in fields)
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


def inside(prediction: Stack, target: Stack) -> float:
    """The same over the head alone, where the target averaged over 9 x 9 pixels is above a twentieth: air is easy."""
    head = F.avg_pool2d(target, 9, stride=1, padding=4) > 0.05
    errors = ((prediction - target).square() * head).sum((1, 2, 3)) / head.sum((1, 2, 3)).clamp_min(1)
    return round(float((-10 * errors.log10()).mean()), 4)


def unguided_scores(network: nn.Module | None, profile: Profile, people: People = subjects) -> Scores:
    """PSNR and SSIM of every test subject; without a network, zero-filled: what both networks start from."""
    return {
        one.name: scored(one.low if network is None else restore(network, one.low), one.target)
        for one in people("test", profile)
    }


def zero_filled(profile: Profile, people: People = subjects) -> Scores:
    """The baseline: what the guided and the unguided network start from."""
    return unguided_scores(None, profile, people)


def guided_scores(network: nn.Module | None, profile: Profile, people: People = subjects) -> Scores:
    """The same with the guide in place; PSNR also with the guide moved, and with the next subject's guide."""
    if network is None:
        return zero_filled(profile, people)
    held = people("test", profile)
    result = Scores()
    for one, other in zip(held, (*held[1:], held[0]), strict=True):
        guides = {moved(d): shift(one.guide, 0.0, d).real for d in SHIFTS}
        if other is not one and len(other.guide) == len(one.guide):
            guides[ANOTHER] = other.guide
        result[one.name] = scored(restore(network, one.low, one.guide), one.target)
        for name, guide in guides.items():
            restored = restore(network, one.low, guide)
            result[one.name] |= {
                name: decibels(restored, one.target),
                f"head {name}": inside(restored, one.target),
            }
    return result


def scored(prediction: Stack, target: Stack) -> dict[str, float]:
    """PSNR, over all and inside the head, and SSIM of a subject: means over its slices."""
    similarity = round(float(ssim_each(prediction, target, 1.0).mean()), 5)
    return {
        "psnr": decibels(prediction, target),
        "ssim": similarity,
        "head psnr": inside(prediction, target),
    }


def moved(distance: float | int) -> str:
    """The metric's name in a results file; "head " before it for the pixels of the head."""
    return f"psnr, guide {distance:+g} px away"


@functools.cache
def displaced(split: str, profile: Profile) -> tuple[Slices, ...]:
    """The phantom's subjects with every guide displaced a little, as scanners displace it."""
    people = phantom(
        profile.pick(smoke=2, class_=SUBJECTS[split]), split, PhantomConfig(misregistration=LOOSE)
    )
    return tuple(of_phantom(person, planes(profile)) for person in people)


@functools.cache
def moved_guides(split: str, profile: Profile) -> tuple[Slices, ...]:
    """Every subject several times, its guide moved by up to two pixels along both axes, drawn once."""
    generator, found = torch.Generator().manual_seed(0), list(subjects(split, profile))
    for one in subjects(split, profile):
        for _ in range(MOVES):
            rows, columns = (4 * torch.rand(2, generator=generator) - 2).tolist()
            found.append(replace(one, guide=shift(one.guide, rows, columns).real))
    return tuple(found)


def on_people(recipe: Recipe, own: Own) -> Recipe:
    """A recipe of this study on a folder: its people train and test it."""
    people, told = of_folder(own)
    target, guide = contrasts(own)
    smallest = profile_of("smoke")
    made_from: Callable[..., Source] = recipe.source
    scores: Callable[..., Scores] = recipe.score
    return replace(
        recipe,
        trains=recipe.trains.replace("T2", target).replace("T1", guide),
        source=partial(made_from, people=people),
        pictures=lambda split: [one.name for one in people(split, smallest)],
        score=partial(scores, people=people),
        protocol=f"{told}; k-space truncated by 4; PSNR and Gaussian SSIM of each slice, data range 1, the "
        "subject's maximum in these slices; background in, no border cut; mean over slices",
    )


GUIDED = Recipe(
    name="mri_guided",
    trains="six convolutions, 10 thousand parameters: T2 truncated by 4 and zero-filled, with T1 beside it",
    departures=("no paper: the smallest network that can use a guide, on a phantom",),
    network=lambda profile: Small(2),
    source=source,
    objective=supervised(l1),
    plan=plan,
    pictures=names,
    score=guided_scores,
    protocol="ten slices of each of three test subjects, k-space truncated by 4; PSNR (head: over the head alone) and "
    "Gaussian SSIM of each slice, data range 1, the subject's maximum in these slices; background in, no border cut; "
    "mean over slices",
    gain=4.0,
    tolerance=0.5,
    paper_estimate="there is no paper; profile gpu takes minutes on any graphics card",
    on=on_people,
)
UNGUIDED = replace(
    GUIDED,
    name="mri_unguided",
    trains="six convolutions, 10 thousand parameters: T2 truncated by 4 and zero-filled, alone",
    network=lambda profile: Small(1),
    source=partial(source, fields=("low", "target")),
    score=unguided_scores,
    gain=1.5,
)
DISPLACED = replace(
    GUIDED,
    name="mri_guided_loose",
    trains=f"the same as mri_guided, every guide displaced (SD {LOOSE} pixels a direction), in training and test",
    source=partial(source, people=displaced),
    score=partial(guided_scores, people=displaced),
    gain=0.0,
    on=None,
)
REMEDY = replace(
    GUIDED,
    name="mri_guided_moved",
    trains=f"the same as mri_guided, on {MOVES} more copies of each slice with the guide moved by up to two pixels",
    source=partial(source, people=moved_guides),
    gain=0.0,
    on=None,
)
STUDY = (GUIDED, UNGUIDED, DISPLACED, REMEDY)
