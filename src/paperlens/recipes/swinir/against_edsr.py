"""SwinIR and the convolution it is measured against, EDSR, at equal parameters and at equal time.

Profile class trains what a processor can train in minutes: 40 thousand parameters, x2, four photographs.
Profile paper is the papers' own training: Liang et al., ICCV Workshops 2021, Sec. 4.1 (DIV2K, patch 48, batch
32, 500,000 iterations, L1, Adam 2e-4 halved at 250, 400, 450 and 475 thousand); Lim et al., CVPR Workshops
2017, Sec. 4.2 (patch 48, batch 16, L1, Adam 1e-4 halved every 200,000 of 300,000 iterations).
"""

from dataclasses import replace
from functools import partial
from pathlib import Path

from torch import nn

from paperlens.losses import l1
from paperlens.models import build
from paperlens.recipes.engine.recipe import Recipe
from paperlens.recipes.engine.results import Scores
from paperlens.recipes.engine.super_resolution import crops, from_folder, names, on_pictures, protocol, scores
from paperlens.recipes.swinir.start import awake
from paperlens.train.crops import Source
from paperlens.train.loop import supervised
from paperlens.train.plan import Plan
from paperlens.train.profiles import Profile
from paperlens.train.schedules import Halving, WarmupCosine, fixed

SCALE = 2
BICUBIC_START = "the last layer starts at zero and adds to a bicubic enlargement; the published one does not"


def source(profile: Profile, data: Path | None, paper_batch: int) -> Source:
    """Crops of the training photographs; of DIV2K in profile paper, or of whatever folder is given."""
    batch, patch = profile.pick(smoke=(2, 16), class_=(8, 16), gpu=(32, 48), paper=(paper_batch, 48))
    if profile.name == "paper" or data is not None:
        return from_folder(data, SCALE, fixed(batch, patch))
    return crops("train", SCALE, fixed(batch, patch))


def swinir_network(profile: Profile) -> nn.Module:
    """The small SwinIR; on a graphics card the lightweight one, for the paper's schedule the classical."""
    network = build(
        "swinir", profile.pick(smoke="small", class_="small", gpu="light_x2", paper="classical_x2")
    )
    return awake(network) if profile.name in ("smoke", "class") else network


def edsr_network(profile: Profile) -> nn.Module:
    """EDSR of as many parameters as the small SwinIR; the published baseline for the larger profiles."""
    return build("edsr", profile.pick(smoke="small", class_="small", gpu="baseline_x2", paper="baseline_x2"))


def small_plan(profile: Profile, seed: int, class_steps: int, learning_rate: float = 5e-3) -> Plan:
    """Cosine: minutes on a processor; longer in bf16 on a graphics card."""
    steps = profile.pick(smoke=4, class_=class_steps, gpu=20_000)
    small = Plan(steps=steps, seed=seed, learning_rate=learning_rate, average=0.999)
    if profile.name != "gpu":
        return small
    return replace(
        small, learning_rate=5e-4, schedule=WarmupCosine(warmup=1000), precision="bf16", compile=True
    )


def swinir_plan(profile: Profile, seed: int) -> Plan:
    """The paper's four halvings in its own profile."""
    if profile.name != "paper":
        return small_plan(profile, seed, class_steps=3000)
    return Plan(
        steps=500_000,
        seed=seed,
        learning_rate=2e-4,
        schedule=Halving(milestones=(0.5, 0.8, 0.9, 0.95)),
        betas=(0.9, 0.999),
        clip=None,
        average=0.999,
        save_every=5000,
    )


def edsr_plan(profile: Profile, seed: int, class_steps: int = 3000) -> Plan:
    """The paper's halvings in its own profile; else 2e-3, which did better than SwinIR's 5e-3 (1,200 steps)."""
    if profile.name != "paper":
        return small_plan(profile, seed, class_steps, learning_rate=2e-3)
    return Plan(
        steps=300_000,
        seed=seed,
        learning_rate=1e-4,
        schedule=Halving(milestones=(2 / 3,)),
        betas=(0.9, 0.999),
        clip=None,
        save_every=5000,
    )


def score(network: nn.Module | None, profile: Profile) -> Scores:
    """Every held-out photograph, in every profile."""
    return scores(network, SCALE)


SWINIR = Recipe(
    name="swinir",
    trains="SwinIR of 40 thousand parameters, x2, on four photographs",
    departures=(
        BICUBIC_START,
        "linear layers start by their width, attention heads at a neighbour; published: std 0.02",
        "width 24, two groups of two blocks, two heads; published: width 180, six groups of six, six heads",
        "patch 16, batch 8, Adam 5e-3 with warm-up and cosine; published: patch 48, batch 32, 2e-4 halved",
    ),
    network=swinir_network,
    source=lambda profile, data: source(profile, data, paper_batch=32),
    objective=supervised(l1),
    plan=swinir_plan,
    pictures=names,
    score=score,
    protocol=protocol(SCALE),
    gain=1.6,
    tolerance=0.1,
    paper_estimate="estimate: eight graphics cards of 24 GB for about two days",
    on=partial(on_pictures, scale=SCALE),
)
EDSR = replace(
    SWINIR,
    name="edsr",
    trains="EDSR of 40 thousand parameters, x2, on four photographs, as many steps as SwinIR",
    departures=(
        BICUBIC_START,
        "width 16, six blocks; published baseline: width 64, sixteen blocks",
        "patch 16, batch 8, Adam 2e-3 with warm-up and cosine; published: patch 48, batch 16, 1e-4 halved",
    ),
    network=edsr_network,
    source=lambda profile, data: source(profile, data, paper_batch=16),
    plan=edsr_plan,
    gain=1.6,
    paper_estimate="estimate: one graphics card of 12 GB for about three days",
)
EDSR_SAME_TIME = replace(
    EDSR,
    name="edsr_same_time",
    trains="EDSR of 40 thousand parameters, x2, on four photographs, for as much processor time as SwinIR",
    plan=lambda profile, seed: edsr_plan(profile, seed, class_steps=6600),
    gain=1.3,
)
STUDY = (SWINIR, EDSR, EDSR_SAME_TIME)
