"""Training inside a lesson: a recipe from its start, or on from the checkpoint that ships, in at most 45 seconds."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn

from paperlens.recipes.engine.recipe import Recipe
from paperlens.recipes.engine.shipped import shipped
from paperlens.train.loop import train
from paperlens.train.plan import History
from paperlens.train.profiles import profile
from paperlens.train.schedules import WarmupCosine

STARTS = ("scratch", "checkpoint")


def live(
    recipe: Recipe,
    *,
    start: str = "scratch",
    seed: int = 0,
    steps: int | None = None,
    seconds: float = 45.0,
    watch: Callable[[History], None] | None = None,
) -> tuple[nn.Module, History]:
    """Train for `steps` or `seconds`, whichever ends first; returns the network and its losses.

    One thread: on a busy machine with two cores a second one makes such small networks 5 to 13 times slower.

    `start="checkpoint"` continues the shipped network with other crops, at a fifth of the recipe's rate: it has
    settled, and the full rate would first undo that. The recipe's own seed 0 run is what the checkpoint ends.
    """
    if start not in STARTS:
        raise ValueError(f"start must be one of {STARTS}, not {start!r}")
    chosen = profile()
    torch.manual_seed(seed)
    continued = start == "checkpoint"
    network = shipped(recipe) if continued else recipe.network(chosen)
    plan = replace(
        recipe.plan(chosen, seed), average=None if continued else 0.99, save_every=10**9, seconds=seconds
    )
    plan = replace(plan, steps=steps or chosen.pick(smoke=4, class_=600), schedule=WarmupCosine(warmup=25))
    if continued:
        plan = replace(plan, seed=seed + 1000, learning_rate=plan.learning_rate / 5)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        history = train(network, recipe.source(chosen, None), recipe.objective, plan, watch=watch)
    finally:
        torch.set_num_threads(threads)
    return network.eval(), history
