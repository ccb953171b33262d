"""Is the phantom's T2 a function of its T1? If it were, a guide would be trivial.

The best line a T1 + b is the baseline; six convolutions see the neighbourhood as well. The line must stay clearly below
them, and they below what a guide gives beside the picture itself (`guide`).
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from paperlens.data.stacks import AlignedCrops
from paperlens.recipes.engine.results import Scores
from paperlens.recipes.mri_contrast.guide import UNGUIDED, Stack, restore, scored, subjects
from paperlens.recipes.mri_contrast.small import Small
from paperlens.train.crops import Source
from paperlens.train.profiles import Profile


def linear(train_guide: Stack, train_target: Stack, guide: Stack) -> Stack:
    """The best a T1 + b for T2 over the training voxels, applied to `guide`."""
    x, y = train_guide.double(), train_target.double()
    slope = ((x - x.mean()) * (y - y.mean())).mean() / x.var(correction=0)
    return (slope * (guide.double() - x.mean()) + y.mean()).float()


def source(profile: Profile, data: Path | None) -> Source:
    """Aligned crops of T1 and T2 of the training subjects; `data` is not read, the phantom is built."""
    people = subjects("train", profile)
    batch, patch = profile.pick(smoke=(2, 16), class_=(8, 32))
    stacks = tuple(torch.cat([getattr(one, field) for one in people]) for field in ("guide", "target"))
    return AlignedCrops(stacks=stacks, batch=batch, patch=patch)


def score(network: nn.Module | None, profile: Profile) -> Scores:
    """PSNR and SSIM of every test subject's T2 from its T1; without a network, from the line."""
    if network is not None:
        return {
            one.name: scored(restore(network, one.guide), one.target) for one in subjects("test", profile)
        }
    people = subjects("train", profile)
    guides, targets = (torch.cat([getattr(one, field) for one in people]) for field in ("guide", "target"))
    return {
        one.name: scored(linear(guides, targets, one.guide), one.target) for one in subjects("test", profile)
    }


CONTRAST_MAP = replace(
    UNGUIDED,
    name="contrast_map",
    trains="six convolutions, 10 thousand parameters: T2 from T1 alone; baseline: the best line a T1 + b",
    network=lambda profile: Small(1, skip=False),
    source=source,
    score=score,
    protocol=UNGUIDED.protocol.replace("k-space truncated by 4", "from T1 at full resolution"),
    gain=5.0,
)
STUDY = (CONTRAST_MAP,)
