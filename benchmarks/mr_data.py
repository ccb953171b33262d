"""How fast data comes: a subject built and read back, and batches against the steps of tiny networks.

`python benchmarks/mr_data.py` prints one line a measurement; `--record` also writes data/results/benchmarks/data.json,
which the book's data page shows. On a busy machine the numbers mean little: the load at the start is part of them.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable

import torch
from torch import Tensor

from paperlens.data import in_memory, phantom, slices
from paperlens.data.files import root, write
from paperlens.data.stacks import AlignedCrops
from paperlens.models import build
from paperlens.physics import truncate_kspace
from paperlens.recipes.engine import provenance
from paperlens.recipes.engine.super_resolution import crops
from paperlens.train.crops import Source
from paperlens.train.schedules import fixed

CONTRASTS = ("T1", "T2", "PD")
SUBJECT_LIMIT, RATIO_LIMIT = 20.0, 5.0
BATCH, PATCH = 8, 16
NETWORKS = ("swinir", "edsr", "nafnet", "restormer")  # `tiny`, pictures of three channels
MODULES = ("paperlens.data.phantoms", "paperlens.data.stacks", "paperlens.train.crops")


def seconds(work: Callable[[], object], repeats: int = 1, rounds: int = 1) -> float:
    """Of one call: the median of `rounds`, each the mean of `repeats`."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeats):
            work()
        found.append((time.perf_counter() - start) / repeats)
    return statistics.median(found)


def subject() -> tuple[float, float]:
    """Seconds for 64 slices of three contrasts from an empty cache, and again from the cache."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["PAPERLENS_CACHE"] = cache

        def three() -> None:
            person = phantom(1)[0]
            for contrast in CONTRASTS:
                person.volume(contrast)

        return seconds(three), seconds(three, rounds=3)


def loaders() -> dict[str, Source]:
    """One for MR slices (truncated T2, T1, T2), one for photographs."""
    images = in_memory(slices(phantom(1), "T2", guide="T1")).images
    stacks = (truncate_kspace(images["image"], 2), images["guide"], images["image"])
    return {
        "MR slices": AlignedCrops(stacks=stacks, batch=BATCH, patch=PATCH),
        "photographs": crops("train", 2, fixed(BATCH, PATCH)),
    }


def step_time(name: str) -> float:
    """Seconds of one training step of a tiny network on a batch that is there already."""
    torch.manual_seed(0)
    network, batch = build(name, "tiny"), torch.rand(BATCH, 3, PATCH, PATCH)
    optimizer = torch.optim.AdamW(network.parameters())

    def step() -> None:
        output: Tensor = network(batch)
        output.square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()

    seconds(step, 5)
    return seconds(step, 10, rounds=5)


def measured() -> dict[str, object]:
    """Everything that the results file holds."""
    load = os.getloadavg()[0]
    commit, sources = provenance.commit(), provenance.source_hash(MODULES)
    built, cached = subject()
    generator = torch.Generator().manual_seed(0)
    batches = {
        name: seconds(lambda source=source: source(0, generator), 50, rounds=5)  # type: ignore[misc]
        for name, source in loaders().items()
    }
    steps = {name: step_time(name) for name in NETWORKS}
    return {
        "made": "python benchmarks/mr_data.py --record",
        "task": f"64 slices in {len(CONTRASTS)} contrasts; batches of {BATCH} crops of {PATCH} x {PATCH} and targets",
        "subject_seconds": round(built, 2),
        "subject_seconds_limit": SUBJECT_LIMIT,
        "cached_seconds": round(cached, 3),
        "batch_milliseconds": {name: round(1000 * value, 3) for name, value in batches.items()},
        "step_milliseconds": {name: round(1000 * value, 2) for name, value in steps.items()},
        "smallest_ratio": round(min(steps.values()) / max(batches.values()), 1),
        "smallest_ratio_limit": RATIO_LIMIT,
        "load_at_start": round(load, 2),
        "commit": commit,
        "source_hash": sources,
        "device": provenance.device(),
        "torch": torch.__version__,
    }


def main() -> None:
    """Print, and record where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="write data/results/benchmarks/data.json")
    options = parser.parse_args()
    result = measured()
    for name, value in result.items():
        print(f"{name}: {value}")
    if options.record:
        file = root() / "results/benchmarks/data.json"
        write(file, json.dumps(result, indent=1) + "\n")
        print(file)


if __name__ == "__main__":
    main()
