"""Is the phantom plausible, and is guiding by a second contrast neither trivial on it nor useless?

Run with `python -m paperlens.recipes.phantom`; it writes data/results/phantom.json. T2 slices are truncated
by 4, zero-filled and restored by six convolutions with or without the T1 slice beside them. A linear map from
T1 to T2 must stay clearly below a learned one, and a guide that is two pixels away must cost more than it
gives.
"""

import json
import time
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.data.files import root
from paperlens.data.phantoms import phantom
from paperlens.data.stacks import AlignedCrops
from paperlens.data.statistics import statistics
from paperlens.data.volumes import in_memory, slices
from paperlens.metrics import psnr_each
from paperlens.physics.sampling import shift, truncate_kspace, zero_fill
from paperlens.recipes import provenance
from paperlens.train.loop import train
from paperlens.train.plan import Plan

NAME = "paperlens.recipes.phantom"  # not __name__, which is "__main__" when run
SCALE, SHIFTS, SEEDS = 4, (0.0, 0.5, 1.0, 2.0), (0, 1, 2)
STEPS, BATCH, PATCH = 400, 8, 32
Stack = Float[Tensor, "n 1 h w"]


class Small(nn.Module):
    """Six 3 x 3 convolutions that add to their first input: enough to ask a question with."""

    def __init__(self, in_channels: int, dim: int = 16, depth: int = 4, skip: bool = True) -> None:
        super().__init__()
        inner = [layer for _ in range(depth) for layer in (nn.Conv2d(dim, dim, 3, padding=1), nn.ReLU())]
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, dim, 3, padding=1), nn.ReLU(), *inner, nn.Conv2d(dim, 1, 3, padding=1)
        )
        self.skip = skip

    def forward(self, *inputs: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 1 h w"]:
        """The inputs side by side; the first one is the picture to restore."""
        change: Tensor = self.body(torch.cat(inputs, dim=1))
        return inputs[0] + change if self.skip else change


def stacks(subjects: int, split: str) -> tuple[Stack, Stack, Stack]:
    """Zero-filled T2, T1 and T2 of every sixth plane, each over its volume's maximum."""
    memory = in_memory(slices(phantom(subjects, split), "T2", guide="T1", planes=range(4, 64, 6)))
    target, guide = memory.images["image"], memory.images["guide"]
    return zero_fill(truncate_kspace(target, SCALE), target.shape[-2:]).real, guide, target


def decibels(prediction: Stack, target: Stack) -> float:
    """Mean over slices of the PSNR with data range 1, the volume's maximum."""
    return float(psnr_each(prediction, target, 1.0).mean())


def linear(train_guide: Stack, train_target: Stack, guide: Stack) -> Stack:
    """The best a T1 + b for T2 over the training voxels, applied to `guide`."""
    x, y = train_guide.double(), train_target.double()
    slope = ((x - x.mean()) * (y - y.mean())).mean() / x.var(correction=0)
    return (slope * (guide.double() - x.mean()) + y.mean()).float()


def learned(inputs: tuple[Stack, ...], target: Stack, seed: int, skip: bool = True) -> Small:
    """A network trained with L1 on aligned crops."""
    torch.manual_seed(seed)
    network = Small(len(inputs), skip=skip)
    source = AlignedCrops(stacks=(*inputs, target), batch=BATCH, patch=PATCH)
    train(network, source, _objective, Plan(steps=STEPS, seed=seed, learning_rate=3e-3))
    return network.eval()


def _objective(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    return nn.functional.l1_loss(model(*batch[:-1]), batch[-1])


@torch.no_grad()
def predict(network: Small, *inputs: Stack) -> Stack:
    """Slice by slice, so that memory stays small."""
    return torch.cat([network(*(stack[i : i + 1] for stack in inputs)) for i in range(len(inputs[0]))])


def run(seed: int, data: tuple[tuple[Stack, ...], tuple[Stack, ...]]) -> dict[str, float]:
    """PSNR of every variant on the test subjects, one seed."""
    (low, guide, target), (test_low, test_guide, test_target) = data
    scores = {
        "zero filling": decibels(test_low, test_target),
        "linear map of T1": decibels(linear(guide, target, test_guide), test_target),
        "learned map of T1": decibels(
            predict(learned((guide,), target, seed, skip=False), test_guide), test_target
        ),
        "restored without guide": decibels(predict(learned((low,), target, seed), test_low), test_target),
    }
    guided = learned((low, guide), target, seed)
    for distance in SHIFTS:
        moved = shift(test_guide, 0.0, distance).real if distance else test_guide
        scores[f"restored with guide, {distance:g} pixels away"] = decibels(
            predict(guided, test_low, moved), test_target
        )
    return {name: round(value, 2) for name, value in scores.items()}


def result() -> dict[str, Any]:
    """Everything the file holds."""
    start = time.time()
    commit, sources = provenance.commit(), provenance.source_hash({NAME})  # before: later edits took no part
    data = stacks(6, "train"), stacks(3, "test")
    runs = [{"seed": seed, **run(seed, data)} for seed in SEEDS]
    return {
        "recipe": "phantom",
        "statistics": statistics(),
        "task": f"T2 truncated by {SCALE}; 10 slices each of 6 training and 3 test subjects",
        "training": f"{STEPS} steps of {BATCH} crops of {PATCH} x {PATCH}, L1, AdamW 3e-3, warm-up and cosine",
        "protocol": "PSNR (dB) per slice, data range = volume maximum, no border cut, mean over slices",
        "runs": runs,
        "commit": commit,
        "source_hash": sources,
        "device": provenance.device(),
        "seconds": round(time.time() - start, 1),
    }


if __name__ == "__main__":
    file = root() / "results" / "phantom.json"
    file.write_text(json.dumps(result(), indent=1) + "\n", encoding="utf-8")
    print(file)
