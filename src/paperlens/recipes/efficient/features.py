"""Train the feature network of the perceptual and texture losses, and test it as a distance.

Three seeds, each some minutes of one processor core; the first one ships as data/checkpoints/features.safetensors. What
the network learns from stands in `feature_tasks`, the test in `feature_ranking`, the network and its use in
`feature_network`. `features_untrained` is the control: the same network as it starts.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean

import torch
from torch import Tensor, nn

from paperlens import losses
from paperlens.data.photograph_set import photographs
from paperlens.recipes.efficient.feature_network import FeatureNetwork
from paperlens.recipes.efficient.feature_ranking import (
    NEW_CHANGES,
    NEW_DAMAGES,
    TRAINED_CHANGES,
    TRAINED_DAMAGES,
    Distance,
    Pair,
    pairs,
    plain,
    right,
)
from paperlens.recipes.efficient.feature_tasks import CROP, PEOPLE, PLACES, Crops, Student, objective
from paperlens.recipes.engine.recipe import Recipe
from paperlens.recipes.engine.results import Scores
from paperlens.train.crops import Source
from paperlens.train.plan import Plan
from paperlens.train.profiles import Profile

STEPS, PAIRS_SEED = 1500, 1
DAMAGES, CHANGES = TRAINED_DAMAGES + NEW_DAMAGES, TRAINED_CHANGES + NEW_CHANGES
KINDS = tuple(f"{damage} against {change}" for damage in DAMAGES for change in CHANGES)
GROUPS: dict[str, tuple[str, ...]] = {
    "all pairs": KINDS,
    "damage and change met in training": tuple(
        f"{damage} against {change}" for damage in TRAINED_DAMAGES for change in TRAINED_CHANGES
    ),
    "neither met in training": tuple(
        f"{damage} against {change}" for damage in NEW_DAMAGES for change in NEW_CHANGES
    ),
}
IS_NOT = "no VGG: it saw five photographs and a phantom, knows no objects, and no paper's loss was measured with it"


def each(profile: Profile) -> int:
    """Pairs of every kind."""
    return profile.pick(smoke=1, class_=8)


@functools.cache
def tested(count: int) -> tuple[Pair, ...]:
    """The pairs of the test: `count` for each of 8 damages and 6 changes, where an equal error can be reached."""
    return tuple(pairs(DAMAGES, CHANGES, count, seed=PAIRS_SEED))


def shares(distance: Distance, over: Sequence[Pair]) -> dict[str, float]:
    """Kind of pair -> the share in which the harmless change is nearer."""
    verdicts = right(distance, list(over))
    found: dict[str, list[float]] = {}
    for verdict, pair in zip(verdicts, over, strict=True):
        found.setdefault(f"{pair.damage} against {pair.change}", []).append(verdict)
    return {kind: round(mean(values), 4) for kind, values in found.items()}


def score(network: nn.Module | None, profile: Profile) -> Scores:
    """The perceptual distance with all stages at weight 1; without a network, L1, and SSIM under its own name."""
    over = tested(each(profile))
    if network is not None:
        found = shares(lambda x, y: losses.perceptual(x, y, network), over)
        return {kind: {"right": share} for kind, share in found.items()}
    by_name = {name: shares(distance, over) for name, distance in plain().items()}
    return {
        kind: {"right": share, "right by SSIM": by_name["SSIM"][kind]}
        for kind, share in by_name["L1"].items()
    }


def calibration(source: Crops) -> Tensor:
    """Training crops on which the mean of each stage is set to 1."""
    return torch.cat([source(0, torch.Generator().manual_seed(10_000 + i))[0] for i in range(4)])


def finished(student: nn.Module) -> FeatureNetwork:
    """The trunk without its heads, calibrated."""
    trunk = student.get_submodule("trunk")
    assert isinstance(trunk, FeatureNetwork)
    trunk.calibrate(calibration(Crops()))
    return trunk.eval()


def source(profile: Profile, data: Path | None) -> Source:
    """Damaged crops of the training pictures; `data` is not read."""
    return Crops()


def plan(steps: int) -> Callable[[Profile, int], Plan]:
    """Warm-up and cosine at 2e-3."""
    return lambda profile, seed: Plan(steps=min(steps, profile.pick(smoke=2, class_=steps)), seed=seed)


def names(split: str) -> Sequence[str]:
    """The pictures that were learned from; the kinds of pairs it is tested on."""
    return [*photographs("train", kind=None)["name"], *PEOPLE] if split == "train" else KINDS


FEATURES = Recipe(
    name="features",
    trains="a feature network of 211 thousand numbers: what was done to a crop, and which crops show one place",
    departures=(
        IS_NOT,
        f"{STEPS} steps of {2 * PLACES} crops of {CROP} x {CROP}, Adam 2e-3, warm-up and cosine",
    ),
    network=lambda profile: Student(),
    source=source,
    objective=objective,
    plan=plan(STEPS),
    pictures=names,
    score=score,
    finished=finished,
    metric="right",
    protocol="share of pairs of equal squared error (within 2 %) in which the harmlessly changed crop is nearer than "
    "the damaged one, 8 pairs of a kind; crops of 64 x 64 from held-out photographs (three quarters) and held-out "
    "phantom subjects; mean absolute distance of the four stages' maps, summed; L2 and guessing give 1/2; the "
    "baseline is L1",
    gain=0.05,
    tolerance=0.03,
    paper_estimate="there is no paper; minutes on any processor",
)
UNTRAINED = replace(
    FEATURES,
    name="features_untrained",
    trains="nothing: the feature network as it starts, calibrated",
    departures=(IS_NOT,),
    plan=plan(0),
    gain=-0.1,
)
STUDY = (FEATURES, UNTRAINED)
