"""A recipe is a Python object with its expected result; this is the table of them."""

import importlib

from paperlens.errors import UserError
from paperlens.recipes.recipe import Recipe, perform
from paperlens.recipes.results import RecipeResult, RunResult, results

# name -> (module, object): looked up on use, so that a list of names loads no network.
RECIPES: dict[str, tuple[str, str]] = {
    "swinir": ("paperlens.recipes.swinir", "SWINIR"),
    "edsr": ("paperlens.recipes.swinir", "EDSR"),
    "edsr_same_time": ("paperlens.recipes.swinir", "EDSR_SAME_TIME"),
    "mri_guided": ("paperlens.recipes.mri", "GUIDED"),
    "mri_unguided": ("paperlens.recipes.mri", "UNGUIDED"),
    "swinir_init.linear": ("paperlens.recipes.swinir_init", "LINEAR"),
    "swinir_init.published_slow": ("paperlens.recipes.swinir_init", "PUBLISHED_SLOW"),
    "swinir_init.published": ("paperlens.recipes.swinir_init", "PUBLISHED"),
    "swinir_init.wide": ("paperlens.recipes.swinir_init", "WIDE"),
    "swinir_init.local": ("paperlens.recipes.swinir_init", "LOCAL"),
    "swinir_init.awake_slow": ("paperlens.recipes.swinir_init", "AWAKE_SLOW"),
    "swinir_init.awake": ("paperlens.recipes.swinir_init", "AWAKE"),
    "swinir_init.no_attention": ("paperlens.recipes.swinir_init", "NO_ATTENTION"),
    "swinir_init.edsr": ("paperlens.recipes.swinir_init", "CONVOLUTION"),
}

__all__ = ["RECIPES", "Recipe", "RecipeResult", "RunResult", "find", "perform", "results"]


def find(name: str) -> Recipe:
    """The recipe called `name`; UserError lists what there is."""
    if name not in RECIPES:
        raise UserError(f"no recipe is called {name!r}; there are {', '.join(RECIPES)}.")
    module, attribute = RECIPES[name]
    recipe: Recipe = getattr(importlib.import_module(module), attribute)
    return recipe
