"""How fast MR data comes: a subject built and read back, and batches against the steps of a tiny network.

`python benchmarks/mr_data.py` prints one line a measurement. On a busy machine the numbers mean little.
"""

import os
import tempfile
import time
from collections.abc import Callable

import torch

from paperlens.data import in_memory, phantom, slices
from paperlens.data.stacks import AlignedCrops
from paperlens.models import build
from paperlens.physics import truncate_kspace

CONTRASTS = ("T1", "T2", "PD")


def seconds(work: Callable[[], object], repeats: int = 1) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def main() -> None:
    with tempfile.TemporaryDirectory() as cache:
        os.environ["PAPERLENS_CACHE"] = cache

        def three() -> None:
            person = phantom(1)[0]
            for contrast in CONTRASTS:
                person.volume(contrast)

        print(f"64-slice subject, three contrasts, empty cache: {seconds(three):.1f} s (at most 20)")
        print(f"the same from the cache:                        {seconds(three):.1f} s")
        memory = in_memory(slices(phantom(1), "T2", guide="T1"))
    target, guide = memory.images["image"], memory.images["guide"]
    low = truncate_kspace(target, 2)
    source = AlignedCrops(stacks=(low, guide, target), batch=8, patch=16)
    generator = torch.Generator().manual_seed(0)
    batch = seconds(lambda: source(0, generator), 50)
    network = build("swinir", "tiny", in_channels=1, scale=2)
    optimizer = torch.optim.AdamW(network.parameters())

    def step() -> None:
        inputs, _, outputs = source(0, generator)
        loss = (network(inputs) - outputs).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    step()
    whole = seconds(step, 10)
    print(f"batch of 8 x 16 px and its targets: {1000 * batch:.2f} ms")
    print(f"step of swinir tiny with it:        {1000 * whole:.1f} ms")
    print(f"loader over step rate:              {whole / batch:.0f} (at least 5)")


if __name__ == "__main__":
    main()
