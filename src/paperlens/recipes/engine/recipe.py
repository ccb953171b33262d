"""A recipe: everything that makes a number, as one Python object, and the result that it should give.

`perform` trains one seed and scores the held-out pictures; `paperlens reproduce` compares what comes out with
the committed results within the recipe's tolerance.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

from paperlens.errors import UserError
from paperlens.recipes.engine import provenance
from paperlens.recipes.engine.results import RecipeResult, RunResult, Scores
from paperlens.train.crops import Source
from paperlens.train.loop import Objective, train
from paperlens.train.plan import History, Plan
from paperlens.train.profiles import Profile


def _whole(network: nn.Module) -> nn.Module:
    return network


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A folder of the user's own, with the contrasts that an MRI recipe takes from it."""

    folder: Path
    target: str | None = None
    guide: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is trained, on what, how it is scored, and what is expected."""

    name: str
    trains: str  # one sentence
    departures: tuple[str, ...]  # from the paper, in the profiles below `paper`
    network: Callable[[Profile], nn.Module]  # draws from torch's global generator, which `perform` seeds
    source: Callable[[Profile, Path | None], Source]  # the path: a folder of the user's, for large data
    objective: Objective
    plan: Callable[[Profile, int], Plan]  # profile and seed
    pictures: Callable[[str], Sequence[str]]  # names of the split "train" or "test"
    score: Callable[[nn.Module | None, Profile], Scores]  # of the held-out pictures; None scores the baseline
    protocol: str
    metric: str = "psnr"  # the score that gain and tolerance speak of
    seeds: tuple[int, ...] = (0, 1, 2)
    gain: float  # over the baseline, expected at least: mean over pictures, every seed, profile class
    tolerance: float  # of one seed's mean between machines
    paper_estimate: str  # hardware and hours of profile paper
    # What is scored and kept of the trained network: all of it, or one part of it.
    finished: Callable[[nn.Module], nn.Module] = _whole
    # The same recipe on a folder of the user's own, scored there; None where it can use none.
    on: Callable[["Recipe", Own], "Recipe"] | None = None


def on_own(recipe: Recipe, own: Own) -> Recipe:
    """The recipe on a folder; UserError where there is no such folder or the recipe cannot use it."""
    if not own.folder.exists():
        raise UserError(f"there is no folder {str(own.folder)!r}; give the folder that holds the data.")
    if recipe.on is None:
        raise UserError(f"{recipe.name} cannot use a folder: it trains on what ships; leave --data out.")
    return recipe.on(recipe, own)


def perform(
    recipe: Recipe,
    profile: Profile,
    seed: int,
    *,
    data: Path | None = None,
    folder: Path | None = None,
    resume: bool = False,
    watch: Callable[[History], None] | None = None,
    tensorboard: bool = False,
) -> tuple[nn.Module, RunResult]:
    """Train one seed of a recipe and score it; the rest as in `train`."""
    torch.manual_seed(seed)
    network = recipe.network(profile)
    plan = recipe.plan(profile, seed)
    # Before training: what is edited meanwhile did not take part.
    modules = {type(module).__module__ for module in network.modules()} | {recipe.plan.__module__}
    commit, sources = provenance.commit(), provenance.source_hash(modules)
    history = train(
        network,
        recipe.source(profile, data),
        recipe.objective,
        plan,
        folder=folder,
        resume=resume,
        watch=watch,
        tensorboard=tensorboard,
    )
    network = recipe.finished(network)
    return network, RunResult(
        profile=profile.name,
        seed=seed,
        steps=plan.steps,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        pictures=recipe.score(network, profile),
        commit=commit,
        source_hash=sources,
        device=provenance.device(),
        torch=torch.__version__,
        seconds=round(history.seconds, 1),
        processor_seconds=round(history.processor_seconds, 1),
        losses=thinned(history.losses),
    )


def thinned(losses: Sequence[float], parts: int = 20) -> list[float]:
    """Means of `parts` equal parts of a run: its curve, small enough to commit."""
    if not losses:
        return []
    parts = min(parts, len(losses))
    edges = [len(losses) * i // parts for i in range(parts + 1)]
    return [round(sum(losses[a:b]) / (b - a), 6) for a, b in pairwise(edges)]


def collected(recipe: Recipe, profile: Profile, runs: Sequence[RunResult]) -> RecipeResult:
    """What a results file holds for these runs."""
    return RecipeResult(
        recipe=recipe.name,
        trains=recipe.trains,
        protocol=recipe.protocol,
        departures=list(recipe.departures),
        train=list(recipe.pictures("train")),
        test=list(recipe.pictures("test")),
        baseline=recipe.score(None, profile),
        runs=list(runs),
    )
