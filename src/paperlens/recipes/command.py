"""`paperlens train RECIPE` and `paperlens reproduce RECIPE`."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from paperlens.data.files import write
from paperlens.errors import UserError
from paperlens.recipes import RECIPES, find, results, study
from paperlens.recipes.engine.recipe import Own, Recipe, collected, on_own, perform
from paperlens.recipes.engine.report import table, verdict
from paperlens.recipes.engine.results import record
from paperlens.recipes.engine.shipped import DEMOS, SHIPPED, export_demo, ship
from paperlens.train.checkpoint import pack
from paperlens.train.profiles import NAMES, profile


def train(argv: Sequence[str]) -> int:
    """One seed of a recipe, with checkpoints, scored at the end: save the network and its result, print its table."""
    from accelerate import PartialState

    parser = _parser("train", train.__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="continue from the newest checkpoint in --out")
    parser.add_argument("--out", type=Path, help="default: runs/RECIPE-PROFILE-SEED")
    parser.add_argument("--tensorboard", action="store_true", help="write TensorBoard events into --out")
    options = parser.parse_args(argv)

    recipe, chosen = _chosen(options), profile(options.profile)
    if not 0 <= options.seed < 2**63:
        raise UserError(f"--seed {options.seed} must be from 0 to {2**63 - 1}.")
    out = options.out or Path("runs") / f"{recipe.name}-{chosen.name}-{options.seed}"
    blocked = next((p for p in (out, *out.absolute().parents) if p.exists() and not p.is_dir()), None)
    if blocked is not None:
        raise UserError(f"{str(blocked)!r} is a file; --out must be a folder, or the name of a new one.")
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
        write(out / "result.json", json.dumps(asdict(run), indent=1))
        print(table(recipe, run.pictures, chosen))
        print(f"{run.steps} steps in {run.seconds:.0f} s; network and result in {out}")
    state.destroy_process_group()
    return 0


def reproduce(argv: Sequence[str]) -> int:
    """Train a recipe again and compare with its committed result: 0 where every seed agrees, else 1."""
    parser = _parser("reproduce", reproduce.__doc__)
    parser.add_argument("--seed", type=int, action="append", help="default: 0; may be repeated")
    parser.add_argument(
        "--record", action="store_true", help="commit what comes out to data/results instead of comparing"
    )
    options = parser.parse_args(argv)

    recipe, chosen = _chosen(options), profile(options.profile)
    if recipe.protocol != find(options.recipe).protocol:
        raise UserError("a folder of your own has no committed result to compare with; use paperlens train.")
    agreed = True
    for seed in options.seed or [0]:
        if not 0 <= seed < 2**63:
            raise UserError(f"--seed {seed} must be from 0 to {2**63 - 1}.")
        committed = None if options.record else results(recipe.name).run(chosen.name, seed)
        if committed is None and not options.record:
            raise UserError(f"no result of {recipe.name} in profile {chosen.name}, seed {seed} is committed.")
        network, run = perform(recipe, chosen, seed, data=options.data)
        print(table(recipe, run.pictures, chosen))
        if committed is None:
            order = [name for name in RECIPES if study(name) == study(recipe.name)]
            record(study(recipe.name), order, collected(recipe, chosen, [run]))
            if recipe.name in SHIPPED and chosen.name == "class" and seed == recipe.seeds[0]:
                ship(recipe, network, run)
                if recipe.name in DEMOS:
                    export_demo(recipe)
            print(f"recorded seed {seed}: {run.processor_seconds:.0f} s of processor time")
        else:
            agrees, sentence = verdict(recipe, run, committed)
            agreed &= agrees
            print(sentence)
    return 0 if agreed else 1


def _parser(command: str, told: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"paperlens {command}", description=told)
    parser.add_argument("recipe", help=f"one of {', '.join(RECIPES)}")
    parser.add_argument("--profile", choices=NAMES, help="default: PAPERLENS_PROFILE, else class")
    parser.add_argument(
        "--data", type=Path, help="a folder of your own: pictures, DIV2K, or MR files (nifti, ixi, fastmri)"
    )
    parser.add_argument("--target", help="of MR files: the contrast to restore, default T2 (fastMRI: FS-PD)")
    parser.add_argument("--guide", help="of MR files: the contrast beside it, default T1 (fastMRI: PD)")
    return parser


def _chosen(options: argparse.Namespace) -> Recipe:
    """The recipe, on the user's folder where one is named."""
    recipe = find(options.recipe)
    if options.data is not None:
        return on_own(recipe, Own(folder=options.data, target=options.target, guide=options.guide))
    if options.target or options.guide:
        raise UserError("--target and --guide choose from a folder of MR files; name it with --data.")
    return recipe
