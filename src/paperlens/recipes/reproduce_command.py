"""`paperlens reproduce RECIPE`: train a recipe again and compare with its committed result."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from paperlens.data.files import root
from paperlens.errors import UserError
from paperlens.recipes import RECIPES, Recipe, RunResult, find, perform, results
from paperlens.recipes.recipe import collected
from paperlens.recipes.report import table, verdict
from paperlens.recipes.results import written
from paperlens.recipes.shipped import SHIPPED, export_demo, ship
from paperlens.train.checkpoint import write
from paperlens.train.profiles import NAMES, Profile, profile


def main(argv: Sequence[str]) -> int:
    """0 where every seed agrees within the recipe's tolerance, else 1."""
    parser = argparse.ArgumentParser(prog="paperlens reproduce", description=__doc__)
    parser.add_argument("recipe", help=f"one of {', '.join(RECIPES)}")
    parser.add_argument("--profile", choices=NAMES, help="default: PAPERLENS_PROFILE, else class")
    parser.add_argument("--seed", type=int, action="append", help="default: 0; may be repeated")
    parser.add_argument("--data", type=Path, help="folder of the large data set that profile paper needs")
    parser.add_argument(
        "--record", action="store_true", help="commit what comes out to data/results instead of comparing"
    )
    options = parser.parse_args(argv)

    recipe, chosen = find(options.recipe), profile(options.profile)
    agreed = True
    for seed in options.seed or [0]:
        committed = None if options.record else results(recipe.name).run(chosen.name, seed)
        if committed is None and not options.record:
            raise UserError(f"no result of {recipe.name} in profile {chosen.name}, seed {seed} is committed.")
        network, run = perform(recipe, chosen, seed, data=options.data)
        print(table(recipe, run.pictures, chosen))
        if committed is None:
            record(recipe, chosen, run)
            if recipe.name in SHIPPED and chosen.name == "class" and seed == recipe.seeds[0]:
                ship(recipe, network, run)
                export_demo(recipe)
            print(f"recorded seed {seed}: {run.processor_seconds:.0f} s of processor time")
        else:
            agrees, sentence = verdict(recipe, run, committed)
            agreed &= agrees
            print(sentence)
    return 0 if agreed else 1


def record(recipe: Recipe, chosen: Profile, run: RunResult) -> None:
    """Put one run into the committed results, in place of an earlier one of the same profile and seed."""
    file = root() / "results" / f"{recipe.name}.json"
    earlier = results(recipe.name).runs if file.exists() else []
    others = [old for old in earlier if (old.profile, old.seed) != (run.profile, run.seed)]
    content = collected(recipe, chosen, [*others, run])
    file.parent.mkdir(exist_ok=True)
    write(file, written(content).encode())
