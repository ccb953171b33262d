"""Networks that ship with the course: data/checkpoints/NAME.safetensors, each with a card NAME.json."""

import hashlib
import json
from pathlib import Path
from typing import Any

from torch import nn

from paperlens.data.files import path, root, write
from paperlens.data.photograph_set import photographs
from paperlens.errors import UserError
from paperlens.recipes.engine.recipe import Recipe
from paperlens.recipes.engine.results import RunResult, mean
from paperlens.train.checkpoint import load, pack
from paperlens.train.profiles import Profile

SHIPPED = ("swinir", "edsr", "features", "mri_unguided", "mri_guided")  # the recipes whose first seed ships
DEMOS = ("swinir", "edsr")  # those that the site runs
LICENCE = "CC-BY-4.0"  # of the weights; the card names the pictures' own
PHANTOM = {  # a simulated subject
    "credit": "simulated here from the MNI ICBM152 maps in nilearn",
    "licence": "not stated by nilearn, whose description of the maps says: unknown",
}


def ship(recipe: Recipe, network: nn.Module, run: RunResult) -> Path:
    """Write a trained network and its card into data/checkpoints."""
    folder = root() / "checkpoints"
    folder.mkdir(exist_ok=True)
    weights = pack(network.state_dict())
    rows = {row["name"]: row for row in photographs("train", kind=None)}
    trained_on = [
        {field: rows[name][field] for field in ("name", "credit", "licence")}
        if name in rows
        else {"name": name, **PHANTOM}
        for name in recipe.pictures("train")
    ]
    card = {
        "recipe": recipe.name,
        "trains": recipe.trains,
        "made": f"paperlens reproduce {recipe.name} --profile {run.profile} --seed {run.seed} --record",
        "commit": run.commit,
        "source_hash": run.source_hash,
        "parameters": run.parameters,
        recipe.metric: round(run.mean(recipe.metric), 4),
        f"{recipe.metric}_baseline": round(mean(recipe.score(None, Profile(run.profile)), recipe.metric), 4),
        "protocol": recipe.protocol,
        "departures": list(recipe.departures),
        "licence": LICENCE,
        "trained_on": trained_on,
        "sha256": hashlib.sha256(weights).hexdigest(),
    }
    write(folder / f"{recipe.name}.safetensors", weights)
    write(folder / f"{recipe.name}.json", json.dumps(card, indent=1, ensure_ascii=False) + "\n")
    return folder / f"{recipe.name}.safetensors"


def export_demo(recipe: Recipe, side: int = 64) -> Path:
    """Write the shipped network as data/demos/NAME.onnx, for pictures of `side` pixels, with its card."""
    from paperlens.models.onnx_export import export  # onnx comes with the extra `dev`

    file = root() / "demos" / f"{recipe.name}.onnx"
    file.parent.mkdir(exist_ok=True)
    size = export(shipped(recipe), file, height=side, width=side)
    told = card(recipe.name)
    demo_card = {
        "made": f"paperlens.recipes.engine.shipped.export_demo, from checkpoints/{recipe.name}.safetensors",
        "checkpoint_sha256": told["sha256"],
        "input": f"image, float32, 1 3 {side} {side}, RGB in 0..1",
        "output": f"restored, float32, 1 3 {2 * side} {2 * side}, not clipped",
        "bytes": size,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "licence": told["licence"],
        "trained_on": told["trained_on"],
    }
    write(file.with_suffix(".json"), json.dumps(demo_card, indent=1, ensure_ascii=False) + "\n")
    return file


def card(name: str) -> dict[str, Any]:
    """The card of a shipped network."""
    content: dict[str, Any] = json.loads(path(f"checkpoints/{name}.json").read_text(encoding="utf-8"))
    return content


def shipped(recipe: Recipe) -> nn.Module:
    """The network that ships for a recipe, in evaluation mode; UserError where the file is not the card's."""
    network = recipe.network(Profile("class"))
    load(network, verified(recipe.name))
    return network.eval()


def verified(name: str) -> Path:
    """Where the weights of a shipped network lie; UserError where the file is not the card's."""
    file = path(f"checkpoints/{name}.safetensors")
    expected, found = card(name)["sha256"], hashlib.sha256(file.read_bytes()).hexdigest()
    if found != expected:
        raise UserError(f"{file} is not the file of its card: expected sha256 {expected}, found {found}.")
    return file
