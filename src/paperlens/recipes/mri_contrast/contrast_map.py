"""Is the phantom's T2 a function of its T1? If it were, a guide would be trivial.

The best line a T1 + b is the baseline; six convolutions see the neighbourhood as well. The line must stay clearly below
them, and they below what a guide gives beside the picture itself (`guide`).
"""

from dataclasses import replace
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.recipes.engine.results import Scores
from paperlens.recipes.mri_contrast.guide import UNGUIDED, restore, scored, source
from paperlens.recipes.mri_contrast.slices import People, Stack, subjects
from paperlens.recipes.mri_contrast.small import Small
from paperlens.train.profiles import Profile


def linear(
    train_guide: Stack, train_target: Stack, guide: Float[Tensor, "m 1 h w"]
) -> Float[Tensor, "m 1 h w"]:
    """The best a T1 + b for T2 over the training voxels, applied to `guide`."""
    x, y = train_guide.double(), train_target.double()
    slope = ((x - x.mean()) * (y - y.mean())).mean() / x.var(correction=0)
    return (slope * (guide.double() - x.mean()) + y.mean()).float()


def score(network: nn.Module | None, profile: Profile, people: People = subjects) -> Scores:
    """PSNR and SSIM of every test subject's target from its guide; without a network, from the line."""
    tested = people("test", profile)
    if network is not None:
        return {one.name: scored(restore(network, one.guide), one.target) for one in tested}
    trained = people("train", profile)
    guides, targets = (torch.cat([getattr(one, field) for one in trained]) for field in ("guide", "target"))
    return {one.name: scored(linear(guides, targets, one.guide), one.target) for one in tested}


CONTRAST_MAP = replace(
    UNGUIDED,
    name="contrast_map",
    trains="six convolutions, 10 thousand parameters: T2 from T1 alone; baseline: the best line a T1 + b",
    network=lambda profile: Small(1, skip=False),
    source=partial(source, fields=("guide", "target")),
    score=score,
    protocol=UNGUIDED.protocol.replace("k-space truncated by 4", "from T1 at full resolution"),
    gain=5.0,
)
STUDY = (CONTRAST_MAP,)
