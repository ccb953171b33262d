"""Does what is learned on the phantom mean anything on a person? PD truncated by 4, alone and with T1 as guide.

The same six convolutions are trained on six phantom subjects, on such subjects varied at random (`varied`), and on
every second plane of one real person; each is scored on three other phantom subjects and on the person's other
planes. The person is the one of the public repository niivue-demo-images (chris_PD, chris_T1; CC BY-NC 4.0),
registered rigidly; the files lie beside the checkout (../shared/real), not in it, or in a folder given with --data.

The rule, set before the runs. *Agreement*: for both networks the gain on phantom subjects of the one trained on
phantoms is between half and twice the gain on the person of the one trained on the person, means over three seeds.
*No harm*: the networks trained on varied phantoms do not fall below zero filling on the person, mean over three seeds.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.data.phantoms import PhantomConfig, phantom
from paperlens.errors import UserError
from paperlens.recipes.engine.recipe import Own, Recipe
from paperlens.recipes.engine.results import Scores
from paperlens.recipes.mri_contrast.guide import UNGUIDED, restore, scored, source
from paperlens.recipes.mri_contrast.slices import (
    SUBJECTS,
    People,
    Slices,
    folder_of,
    made,
    of_folder,
    of_phantom,
    planes,
    real_person,
)
from paperlens.recipes.mri_contrast.small import Small
from paperlens.train.crops import Source
from paperlens.train.profiles import Profile

PERSON = "person"
VARIED = 12  # subjects


@functools.cache
def phantoms(split: str, profile: Profile) -> tuple[Slices, ...]:
    """PD and T1 of the subjects that recipe `mri_guided` takes."""
    count = profile.pick(smoke=2, class_=SUBJECTS[split])
    return tuple(of_phantom(one, planes(profile), "PD") for one in phantom(count, split))


@functools.cache
def varied(split: str, profile: Profile) -> tuple[Slices, ...]:
    """Training subjects with random contrast, texture, resolution, noise and intensity scale, each once."""
    generator = torch.Generator().manual_seed(1)
    return tuple(
        _varied(number, profile, generator) for number in range(profile.pick(smoke=2, class_=VARIED))
    )


def _varied(number: int, profile: Profile, generator: torch.Generator) -> Slices:
    def between(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=generator))

    config = PhantomConfig(noise=between(0.2, 1.2), point_spread=between(0.3, 0.8))
    (person,) = phantom(1, "train", config, first=number)
    chosen = planes(profile)
    zoom, texture = between(0.85, 1.25), between(0.0, 0.08)
    fine = config.lattice(chosen).field(generator, 3.0, 2)
    pair = []
    for contrast, field, powers in (("PD", fine[0], (0.6, 1.8)), ("T1", fine[1], (0.6, 1.6))):
        image = person.image(contrast, chosen).abs() * (1 + texture * field).clamp_min(0)
        pair.append(_zoomed(image / image.max(), zoom) ** between(*powers))
    one = made(person.name, *pair)
    scale, other = between(0.4, 1.1), between(0.5, 1.1)
    return replace(one, target=scale * one.target, low=scale * one.low, guide=other * one.guide)


def _zoomed(image: Float[Tensor, "n h w"], zoom: float) -> Float[Tensor, "n h w"]:
    """Enlarged around the middle, the size kept, 0..1."""
    matrix = torch.tensor([[1 / zoom, 0.0, 0.0], [0.0, 1 / zoom, 0.0]]).expand(len(image), 2, 3)
    grid = F.affine_grid(matrix, [len(image), 1, *image.shape[-2:]], align_corners=False)
    return F.grid_sample(image[:, None], grid, mode="bicubic", align_corners=False)[:, 0].clamp(0, 1)


def person(split: str, profile: Profile, own: Own | None = None) -> tuple[Slices, ...]:
    """Every second plane of the person; UserError where the files are not there."""
    if own is None:
        folder = real_person()
        if folder is None:
            raise UserError(
                "phantom_real compares with a real person: give a folder of PD and T1 with --data."
            )
        own = Own(folder=folder, target="PD", guide="T1")
    return tuple(replace(one, name=PERSON) for one in _read(own)(split, profile)[:1])


@functools.cache
def _read(own: Own) -> People:
    return of_folder(own)[0]


def score(
    network: nn.Module | None, profile: Profile, guided: bool = False, people: People = person
) -> Scores:
    """PSNR and SSIM of every phantom test subject and of the person; without a network, zero-filled."""
    found = Scores()
    for one in (*phantoms("test", profile), *people("test", profile)):
        inputs = (one.low, one.guide) if guided else (one.low,)
        found[one.name] = scored(one.low if network is None else restore(network, *inputs), one.target)
    return found


def names(split: str, trained: str) -> Sequence[str]:
    """What the recipe learned from; what it is scored on."""
    if split == "test":
        return [*(one.name for one in phantom(SUBJECTS["test"], "test")), PERSON]
    count = {"phantom": SUBJECTS["train"], "varied": VARIED}.get(trained)
    return [PERSON] if count is None else [one.name for one in phantom(count, "train")]


def on_person(recipe: Recipe, own: Own) -> Recipe:
    """The same with another folder's person."""
    people = partial(person, own=folder_of(own, "PD", "T1"))
    made_from: Callable[..., Source] = recipe.source
    scores: Callable[..., Scores] = recipe.score
    on_it = replace(recipe, score=partial(scores, people=people))
    return replace(on_it, source=partial(made_from, people=people)) if ".real_" in recipe.name else on_it


PEOPLE: dict[str, People] = {"phantom": phantoms, "varied": varied, "real": person}
TOLD = {
    "phantom": "six phantom subjects",
    "varied": "twelve phantom subjects of random contrast, texture, resolution, noise and scale",
    "real": "every second plane of a person",
}
EXPECTED = {"phantom": -1.0, "varied": -0.5, "real": -1.0}  # dB, mean over phantoms and the person


_MEASURE = "PSNR and Gaussian SSIM of each slice, data range 1, the subject's maximum in these slices; mean over slices"


def _recipe(trained: str, guided: bool) -> Recipe:
    fields = ("low", "guide", "target") if guided else ("low", "target")
    return replace(
        UNGUIDED,
        name=f"phantom_real.{trained}_{'guided' if guided else 'alone'}",
        trains=f"six convolutions: PD truncated by 4{' with T1 beside it' if guided else ''}, on {TOLD[trained]}",
        departures=("no paper: how far the phantom can be trusted",),
        network=lambda profile: Small(2 if guided else 1),
        source=partial(source, fields=fields, people=PEOPLE[trained]),
        pictures=partial(names, trained=trained),
        score=partial(score, guided=guided),
        protocol="PD truncated by 4; ten slices of each of three phantom subjects, and every second plane of one real "
        "person (niivue-demo-images chris_PD and chris_T1, CC BY-NC 4.0, registered rigidly); " + _MEASURE,
        gain=EXPECTED[trained],
        on=on_person,
    )


STUDY = tuple(_recipe(trained, guided) for trained in PEOPLE for guided in (False, True))
