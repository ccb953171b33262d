"""Committed results: data/results/recipes/CHAPTER/STUDY.json, and nothing that the runs did not measure.

study       CHAPTER/STUDY, the module under paperlens.recipes that holds the recipes
results[]   one entry a recipe:
    recipe, trains, protocol, departures, train, test     what was done, in words and names of pictures
    baseline      {picture: {metric: value}}              the same pictures without a network
    runs[]        profile, seed, steps, parameters, pictures {picture: {metric: value}}, commit, source_hash,
                  device, torch, seconds (wall), processor_seconds, losses (means of 20 equal parts of the run)

A picture is what the spread is taken over: a photograph, a subject, a kind of pair.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from paperlens.data.files import path, root, write
from paperlens.errors import UserError

Scores = dict[str, dict[str, float]]  # picture -> metric -> value


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """One seed of one profile."""

    profile: str
    seed: int
    steps: int
    parameters: int
    pictures: Scores
    commit: str
    source_hash: str
    device: str
    torch: str
    seconds: float
    processor_seconds: float
    losses: list[float]

    def mean(self, metric: str = "psnr", over: Collection[str] | None = None) -> float:
        """The mean of a metric over the held-out pictures, or over some of them."""
        return mean(self.pictures, metric, over)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeResult:
    """Every committed run of a recipe."""

    recipe: str
    trains: str
    protocol: str
    departures: list[str]
    train: list[str]
    test: list[str]
    baseline: Scores
    runs: list[RunResult]

    def run(self, profile: str, seed: int) -> RunResult | None:
        """The run of one profile and seed, where it was committed."""
        return next((run for run in self.runs if (run.profile, run.seed) == (profile, seed)), None)

    def gain(self, run: RunResult, metric: str = "psnr") -> float:
        """Mean over the held-out pictures of what `run` gained over the baseline."""
        return run.mean(metric) - mean(self.baseline, metric)


def mean(scores: Scores, metric: str, over: Collection[str] | None = None) -> float:
    """The mean of one metric over the pictures, or over those named."""
    values = [picture[metric] for name, picture in scores.items() if over is None or name in over]
    return sum(values) / len(values)


def committed(module: str, recipe: str) -> RecipeResult:
    """The results of one recipe of a study's module; UserError where there are none."""
    file = path(place(module))
    for result in parsed(file):
        if result.recipe == recipe:
            return result
    raise UserError(f"{file} holds no result of {recipe}; paperlens reproduce {recipe} --record writes one.")


def place(module: str) -> str:
    """The results file of a study's module, under data/."""
    chapter, study = module.split(".")[-2:]
    return f"results/recipes/{chapter}/{study}.json"


def parsed(file: Path) -> list[RecipeResult]:
    """A results file, the fields of every entry held to exactly those above."""
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return [_one(entry) for entry in content["results"]]
    except (ValueError, TypeError, KeyError) as error:
        names = ", ".join(field.name for field in fields(RecipeResult))
        raise UserError(f"{file} is no results file ({error}); expected the fields {names}.") from error


def _one(entry: dict[str, Any]) -> RecipeResult:
    runs = [RunResult(**run) for run in entry["runs"]]
    return RecipeResult(**{**entry, "runs": runs})


def written(module: str, results: Sequence[RecipeResult]) -> str:
    """The file's text: runs in order of profile and seed, numbers as Python prints them."""
    entries = [asdict(result) for result in results]
    for entry in entries:
        entry["runs"].sort(key=lambda run: (run["profile"], run["seed"]))
    study = "/".join(module.split(".")[-2:])
    return json.dumps({"study": study, "results": entries}, indent=1, ensure_ascii=False) + "\n"


def record(module: str, recipes: Sequence[str], result: RecipeResult) -> None:
    """Put a recipe's new runs into its study's file, in place of earlier ones of the same profile and seed.

    `recipes`: the study's names, in the order in which the file shall hold them.
    """
    file = root() / place(module)
    found = {one.recipe: one for one in parsed(file)} if file.exists() else {}
    earlier = found[result.recipe].runs if result.recipe in found else []
    new = {(run.profile, run.seed) for run in result.runs}
    runs = [run for run in earlier if (run.profile, run.seed) not in new] + result.runs
    found[result.recipe] = replace(result, runs=runs)
    file.parent.mkdir(parents=True, exist_ok=True)
    write(file, written(module, [found[name] for name in recipes if name in found]))
