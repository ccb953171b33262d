"""Committed results: data/results/RECIPE.json, one entry a run, and nothing that the run did not measure.

recipe, trains, protocol, departures, train, test     what was done, in words and picture names
baseline      {picture: {metric: value}}              the same pictures without a network
runs[]        profile, seed, steps, parameters, pictures {picture: {metric: value}}, commit, source_hash,
              device, torch, seconds (wall), processor_seconds, losses (means of 20 equal parts of the run)
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from paperlens.data.files import path
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

    def mean(self, metric: str = "psnr") -> float:
        """The mean of a metric over the held-out pictures."""
        return mean(self.pictures, metric)


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


def mean(scores: Scores, metric: str) -> float:
    """The mean of one metric over the pictures."""
    return sum(picture[metric] for picture in scores.values()) / len(scores)


def results(recipe: str) -> RecipeResult:
    """The committed results of a recipe; UserError where there are none or the file has another form."""
    return parsed(path(f"results/{recipe}.json"))


def parsed(file: Path) -> RecipeResult:
    """A results file, its fields held to exactly those above."""
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        runs = [RunResult(**run) for run in content.pop("runs")]
        return RecipeResult(**content, runs=runs)
    except (ValueError, TypeError, KeyError) as error:
        names = ", ".join(field.name for field in fields(RecipeResult))
        raise UserError(f"{file} is no results file ({error}); expected the fields {names}.") from error


def written(result: RecipeResult) -> str:
    """The file's text: runs in order of profile and seed, numbers as Python prints them."""
    content = asdict(result)
    content["runs"].sort(key=lambda run: (run["profile"], run["seed"]))
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
