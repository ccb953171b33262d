"""Why the small SwinIR goes flat: runs of a minute that differ in what the blocks can do at the start.

With the published initialisation and Adam at 0.002 it stops at what the best *linear* filter reaches, and stays there
while EDSR moves on. What is suspected, each with a run that changes it:

- `wide`: every linear layer starts at a standard deviation of 0.02. At width 24 what enters the GELU is then about 0.1,
  where GELU is nearly straight: the blocks are linear maps. (At width 180 it is 0.27, and half a million steps follow.)
- `local`: the relative position bias starts at zero, so attention is a mean over 64 pixels, blind to detail. To look at
  one neighbour the bias must grow by about 4, and a step of Adam moves it by the learning rate at most.
- `slow`: the learning rate itself, 0.002 against 0.005.

Measured (one seed): the rate alone changes nothing; `wide` leaves the linear filter,
`local` less so, and both together go beyond EDSR.

The control, `linear`, has no blocks: convolutions with nothing between them are one linear filter. `no_attention` keeps
everything but the attention.
"""

from collections.abc import Callable
from dataclasses import replace

from torch import nn

from paperlens.layers.window_attention import WindowAttention
from paperlens.models import build
from paperlens.recipes.engine.recipe import Recipe
from paperlens.recipes.swinir.against_edsr import EDSR, SWINIR, small_plan
from paperlens.recipes.swinir.start import awake, local, wide
from paperlens.train.plan import Plan
from paperlens.train.profiles import Profile

STEPS = 1200
PlanOf = Callable[[Profile, int], Plan]


def linear(network: nn.Module) -> None:
    """Take blocks and norms out: what is left is a linear filter."""
    for group in network.get_submodule("groups").children():
        group.blocks = nn.ModuleList()
    network.embedding_norm = nn.Identity()
    network.norm = nn.Identity()


def no_attention(network: nn.Module) -> None:
    """Start as `awake`, then let every attention layer give zero."""
    awake(network)
    for module in network.modules():
        if isinstance(module, WindowAttention):
            nn.init.zeros_(module.projection.weight)
            for parameter in module.parameters():
                parameter.requires_grad_(False)


def fast(profile: Profile, seed: int) -> Plan:
    """Short: whether a network leaves the linear filter shows within 1,200 steps."""
    return small_plan(profile, seed, class_steps=STEPS)


def slow(profile: Profile, seed: int) -> Plan:
    """The same at a learning rate of 0.002."""
    return small_plan(profile, seed, class_steps=STEPS, learning_rate=2e-3)


def variant(name: str, told: str, change: Callable[[nn.Module], object], plan: PlanOf = fast) -> Recipe:
    """The small SwinIR, changed before it trains."""

    def network(profile: Profile) -> nn.Module:
        made = build("swinir", "small")
        change(made)
        return made

    trains = f"SwinIR of 40 thousand parameters, {told}, for {STEPS} steps"
    name = f"swinir_init.{name}"
    return replace(SWINIR, name=name, trains=trains, network=network, plan=plan, gain=0.8)


def unchanged(network: nn.Module) -> None:
    """The published initialisation."""


LINEAR = variant("linear", "without its blocks, a linear filter", linear)
PUBLISHED_SLOW = variant("published_slow", "started as published, learning rate 0.002", unchanged, slow)
PUBLISHED = variant("published", "started as published", unchanged)
WIDE = variant("wide", "linear layers drawn by their width", wide)
LOCAL = variant("local", "each attention head pointed at a neighbour", local)
AWAKE = variant("awake", "wide and local", awake)
NO_ATTENTION = variant("no_attention", "wide, attention taken out", no_attention)
CONVOLUTION = replace(
    EDSR,
    name="swinir_init.edsr",
    trains=f"EDSR of 40 thousand parameters, for {STEPS} steps",
    plan=slow,
    gain=0.8,
)
STUDY = (LINEAR, PUBLISHED_SLOW, PUBLISHED, WIDE, LOCAL, AWAKE, NO_ATTENTION, CONVOLUTION)
