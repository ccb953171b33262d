"""A recipe is a Python object with its expected result; this is the table of them.

`engine` trains, scores and compares. A study lies at `<chapter>/<study>.py` with its recipes in STUDY, and what they
measured lies at the same place in data/results/recipes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from paperlens.errors import UserError
from paperlens.lazy import exports

if TYPE_CHECKING:
    from paperlens.recipes.engine.recipe import Recipe
    from paperlens.recipes.engine.results import RecipeResult

# name -> its study: imported on use, so that a list of names loads no network.
RECIPES: dict[str, str] = {
    "swinir": "paperlens.recipes.swinir.against_edsr",
    "edsr": "paperlens.recipes.swinir.against_edsr",
    "edsr_same_time": "paperlens.recipes.swinir.against_edsr",
    "swinir_init.linear": "paperlens.recipes.swinir.initialisation",
    "swinir_init.published_slow": "paperlens.recipes.swinir.initialisation",
    "swinir_init.published": "paperlens.recipes.swinir.initialisation",
    "swinir_init.wide": "paperlens.recipes.swinir.initialisation",
    "swinir_init.local": "paperlens.recipes.swinir.initialisation",
    "swinir_init.awake": "paperlens.recipes.swinir.initialisation",
    "swinir_init.no_attention": "paperlens.recipes.swinir.initialisation",
    "swinir_init.edsr": "paperlens.recipes.swinir.initialisation",
    "long_skip.both": "paperlens.recipes.swinir.long_skip",
    "long_skip.bicubic": "paperlens.recipes.swinir.long_skip",
    "long_skip.long": "paperlens.recipes.swinir.long_skip",
    "long_skip.neither": "paperlens.recipes.swinir.long_skip",
    "mri_unguided": "paperlens.recipes.mri_contrast.guide",
    "mri_guided_loose": "paperlens.recipes.mri_contrast.guide",
    "mri_guided_moved": "paperlens.recipes.mri_contrast.guide",
    "mri_guided": "paperlens.recipes.mri_contrast.guide",
    "contrast_map": "paperlens.recipes.mri_contrast.contrast_map",
    "phantom_real.phantom_alone": "paperlens.recipes.mri_contrast.phantom_real",
    "phantom_real.phantom_guided": "paperlens.recipes.mri_contrast.phantom_real",
    "phantom_real.varied_alone": "paperlens.recipes.mri_contrast.phantom_real",
    "phantom_real.varied_guided": "paperlens.recipes.mri_contrast.phantom_real",
    "phantom_real.real_alone": "paperlens.recipes.mri_contrast.phantom_real",
    "phantom_real.real_guided": "paperlens.recipes.mri_contrast.phantom_real",
    "features": "paperlens.recipes.efficient.features",
    "features_untrained": "paperlens.recipes.efficient.features",
}

EXPORTS = {
    "live": "paperlens.recipes.engine.live",
    "perform": "paperlens.recipes.engine.recipe",
    "shipped": "paperlens.recipes.engine.shipped",
}
__getattr__, __dir__ = exports(__name__, EXPORTS)


def study(name: str) -> str:
    """The module of the recipe called `name`; UserError lists what there is."""
    if name not in RECIPES:
        raise UserError(f"no recipe is called {name!r}; there are {', '.join(RECIPES)}.")
    return RECIPES[name]


def find(name: str) -> Recipe:
    """The recipe called `name`; UserError lists what there is."""
    held: tuple[Recipe, ...] = importlib.import_module(study(name)).STUDY
    return next(recipe for recipe in held if recipe.name == name)


def results(name: str) -> RecipeResult:
    """The committed results of the recipe called `name`; UserError where there are none."""
    from paperlens.recipes.engine.results import committed

    return committed(study(name), name)
