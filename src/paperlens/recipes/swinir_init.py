"""Why the small SwinIR goes flat: five runs of a minute that differ in what the blocks can do at the start.

With the published initialisation it stops at what the best *linear* filter reaches, and stays there while
EDSR moves on. Two reasons, and a run for each:

- Every linear layer starts at a standard deviation of 0.02. At width 24 what enters the GELU is then about
0.1, where
  GELU is a straight line: the blocks are linear maps. (At width 180 it is 0.27, and half a million steps
  follow.)
- The relative position bias starts at zero: attention is a mean over 64 pixels, blind to detail. To look at a
single
  neighbour the bias must grow by 4 or more, and a step of Adam moves it by the learning rate at most: 0.002.

The control has no blocks at all: a chain of convolutions with nothing between them is a linear filter.
"""

from collections.abc import Callable
from dataclasses import replace

from torch import nn

from paperlens.models import build
from paperlens.recipes.initialise import awake, local, wide
from paperlens.recipes.recipe import Recipe
from paperlens.recipes.swinir import EDSR, SWINIR, small_plan
from paperlens.train.plan import Plan
from paperlens.train.profiles import Profile


def linear(network: nn.Module) -> None:
    """Take blocks and norms out: what is left is a linear filter."""
    for group in network.get_submodule("groups").children():
        group.blocks = nn.ModuleList()
    network.embedding_norm = nn.Identity()
    network.norm = nn.Identity()


def variant(name: str, told: str, change: Callable[[nn.Module], object]) -> Recipe:
    """The small SwinIR, changed before it trains for 1,200 steps."""

    def network(profile: Profile) -> nn.Module:
        made = build("swinir", "small")
        change(made)
        return made

    return replace(
        SWINIR, name=f"swinir_init.{name}", trains=f"SwinIR as in swinir, {told}", network=network, plan=plan
    )


def plan(profile: Profile, seed: int) -> Plan:
    """Short: whether a network leaves the linear filter shows within 1,200 steps."""
    return small_plan(profile, seed, class_steps=1200)


PUBLISHED = variant("published", "with the published initialisation", lambda network: None)
WIDE = variant("wide", "linear layers drawn by their width", wide)
LOCAL = variant("local", "each attention head pointed at a neighbour", local)
AWAKE = variant("awake", "linear layers drawn by their width and each head pointed at a neighbour", awake)
LINEAR = variant("linear", "without its blocks: a linear filter", linear)
CONVOLUTION = replace(
    EDSR, name="swinir_init.edsr", trains="EDSR of as many parameters, for 1,200 steps", plan=plan
)
