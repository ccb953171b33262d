"""`paperlens train RECIPE`: one seed of a recipe, with checkpoints, scored at the end."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from accelerate import PartialState

from paperlens.recipes import RECIPES, find, perform
from paperlens.recipes.report import table
from paperlens.train.checkpoint import pack, write
from paperlens.train.profiles import NAMES, profile


def main(argv: Sequence[str]) -> int:
    """Train, save the network and its result, print its table."""
    parser = argparse.ArgumentParser(prog="paperlens train", description=__doc__)
    parser.add_argument("recipe", help=f"one of {', '.join(RECIPES)}")
    parser.add_argument("--profile", choices=NAMES, help="default: PAPERLENS_PROFILE, else class")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="continue from the newest checkpoint in --out")
    parser.add_argument("--out", type=Path, help="default: runs/RECIPE-PROFILE-SEED")
    parser.add_argument("--data", type=Path, help="folder of the large data set that profile paper needs")
    parser.add_argument("--tensorboard", action="store_true", help="write TensorBoard events into --out")
    options = parser.parse_args(argv)

    recipe, chosen = find(options.recipe), profile(options.profile)
    out = options.out or Path("runs") / f"{recipe.name}-{chosen.name}-{options.seed}"
    state = PartialState()  # several processes under `accelerate launch`; else one
    if chosen.name == "paper" and state.is_main_process:
        print(f"profile paper: {recipe.paper_estimate}")
    network, run = perform(
        recipe,
        chosen,
        options.seed,
        data=options.data,
        folder=out,
        resume=options.resume,
        tensorboard=options.tensorboard,
    )
    if state.is_main_process:
        out.mkdir(parents=True, exist_ok=True)
        write(out / "network.safetensors", pack(network.state_dict()))
        write(out / "result.json", json.dumps(asdict(run), indent=1).encode())
        print(table(recipe, run.pictures, chosen))
        print(f"{run.steps} steps in {run.seconds:.0f} s; network and result in {out}")
    state.destroy_process_group()
    return 0
