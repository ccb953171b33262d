"""What the feature network learns from: two tasks that need no labels, on crops of the training pictures.

    damage   which of nine things was done to a crop: nothing, or one of four kinds of damage, slight or strong
    place    which two crops of a batch show the same place (SimCLR's loss: Chen et al., ICML 2020, Eq. 1)

Both crops of a place are moved, brightened and stretched apart and then damaged independently, so that the
second task rewards what survives these changes, and the first what does not.
"""

from functools import cache

import torch
from einops import reduce, repeat
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.data.images import to_tensor
from paperlens.data.phantoms import phantom
from paperlens.data.photograph_set import photographs
from paperlens.ops.resample import bicubic
from paperlens.physics.blur import blur, gaussian_kernel
from paperlens.physics.camera import gaussian_noise, jpeg
from paperlens.recipes.efficient.feature_network import DIMS, FeatureNetwork
from paperlens.train.crops import Batch

CROP, PLACES, JITTER = 48, 16, 3
KINDS = ("blur", "noise", "jpeg", "pixels")
MR_SHARE, TEMPERATURE = 0.25, 0.2
PEOPLE = ("train-000", "train-001")  # the phantom's subjects that are learned from
Image = Float[Tensor, "1 3 h w"]


@cache
def pictures(split: str) -> dict[str, Image]:
    """Every photograph of a split, grey ones too, three channels in 0..1."""
    return {row["name"]: to_tensor(row["image"])[None] for row in photographs(split, kind=None)}


@cache
def brains(split: str) -> dict[str, Image]:
    """Three slices each of two simulated people of a split in four contrasts, grey repeated, over the maximum."""
    found = {}
    for person in phantom(len(PEOPLE), split):
        for contrast in ("T1", "T2", "PD", "FLAIR"):
            for plane, image in zip((12, 32, 52), person.image(contrast, (12, 32, 52)).abs(), strict=True):
                found[f"{person.name} {contrast} {plane}"] = repeat(image / image.max(), "h w -> 1 3 h w")
    return found


def damaged(image: Image, kind: str, strength: float, generator: torch.Generator) -> Image:
    """The picture after one kind of damage, strength 0 (barely visible) to 1 (plain)."""
    if kind == "blur":
        return blur(image, gaussian_kernel(13, 0.6 + 1.6 * strength))
    if kind == "noise":
        return gaussian_noise(image, (5 + 40 * strength) / 255, generator)
    if kind == "jpeg":
        return jpeg(image, round(40 - 34 * strength))
    if kind == "pixels":
        h, w = image.shape[-2:]
        factor = 1.5 + 2.5 * strength
        small = bicubic(image, size=(round(h / factor), round(w / factor))).clamp(0, 1)
        return F.interpolate(small, (h, w), mode="nearest")
    raise ValueError(f"kind {kind!r} is not one of {KINDS}")


class Crops:
    """A source for the loop: `PLACES` places, two crops each, and what was done to every crop.

    A batch is (crops `2 PLACES 3 48 48`, damage `2 PLACES`): crops i and i + PLACES show one place.
    """

    def __init__(self) -> None:
        self.photographs, self.brains = list(pictures("train").values()), list(brains("train").values())

    def __call__(self, step: int, generator: torch.Generator) -> Batch:
        """Crops, float32 in 0..1, and the number of what was done, 0 (nothing) to 8."""
        views = [self._place(generator) for _ in range(PLACES)]
        firsts, seconds = zip(*views, strict=True)
        crops, kinds = zip(*(self._view(view, generator) for view in (*firsts, *seconds)), strict=True)
        return torch.cat(crops), torch.tensor(kinds)

    def _place(self, generator: torch.Generator) -> tuple[Image, Image]:
        draw = torch.rand(3, generator=generator).tolist()
        own = self.brains if draw[0] < MR_SHARE else self.photographs
        image = own[int(draw[1] * len(own))]
        size = CROP + JITTER
        h, w = (n - size for n in image.shape[-2:])
        for _ in range(8):  # a place without structure tells nothing: draw again
            top, left = (int(torch.randint(n + 1, (), generator=generator)) for n in (h, w))
            around = image[..., top : top + size, left : left + size]
            if float(around.std(correction=0)) > 0.05:
                break
        if draw[2] < 0.5:
            around = around.flip(-1)
        moves = torch.randint(JITTER + 1, (2, 2), generator=generator).tolist()
        first, second = (around[..., y : y + CROP, x : x + CROP] for y, x in moves)
        return first, second

    def _view(self, crop: Image, generator: torch.Generator) -> tuple[Image, int]:
        draw = torch.rand(4, generator=generator).tolist()
        mean = crop.mean()
        crop = ((crop - mean) * (0.5 + draw[0]) + mean + 0.3 * (draw[1] - 0.5)).clamp(0, 1)
        kind = int(draw[2] * (len(KINDS) + 1)) - 1
        if kind < 0:
            return crop, 0
        strong = draw[3] >= 0.5
        return damaged(crop, KINDS[kind], draw[3], generator), 1 + 2 * kind + strong


class Student(nn.Module):
    """The network with a head a task; both heads read the means of all four stages."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = FeatureNetwork()
        self.damage = nn.Linear(sum(DIMS), 1 + 2 * len(KINDS))
        self.place = nn.Sequential(nn.Linear(sum(DIMS), 64), nn.ReLU(), nn.Linear(64, 32))

    def forward(self, crops: Float[Tensor, "b 3 h w"]) -> tuple[Float[Tensor, "b k"], Float[Tensor, "b d"]]:
        """Scores of what was done, and a unit vector of what is shown."""
        means = torch.cat([reduce(maps, "b d y x -> b d", "mean") for maps in self.trunk(crops)], dim=1)
        return self.damage(means), F.normalize(self.place(means), dim=1)


def objective(model: nn.Module, batch: Batch) -> Tensor:
    """Cross-entropy of the damage plus cross-entropy of finding the other crop of each place."""
    crops, kinds = batch
    scores, vectors = model(crops)
    return F.cross_entropy(scores, kinds) + same_place(vectors)


def same_place(vectors: Float[Tensor, "m d"]) -> Float[Tensor, ""]:
    """For every crop the cross-entropy of picking its partner, half a batch further, among all other crops."""
    count = len(vectors)
    alike = vectors @ vectors.T / TEMPERATURE
    alike = alike.masked_fill(torch.eye(count, dtype=torch.bool, device=vectors.device), float("-inf"))
    partner: Int[Tensor, " m"] = (torch.arange(count, device=vectors.device) + count // 2) % count
    return F.cross_entropy(alike, partner)
