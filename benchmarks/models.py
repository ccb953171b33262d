"""Our models beside the same architectures in spandrel: same weights, input and threads, taking turns.

    OMP_NUM_THREADS=1 python benchmarks/models.py [--repeats 5] [--only swinir] [--write]

Time is the best of the repeats, ours and theirs alternating in one process. Memory is what one pass adds to the peak
of a fresh process. The last column is the share of the rate at which this machine multiplies two large matrices.
Ratios depend on the processor: `--write` keeps a table for each. A further comparison is one row of ROWS.
"""

import argparse
import importlib
import json
import math
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from paperlens.models import build, count, published

# torchvision finds no operators to register for the CPU build of torch; an empty module lets it import.
sys.modules.setdefault("torchvision._meta_registrations", ModuleType("torchvision._meta_registrations"))


UNITS = {"AVX2": "avx2", "AVX-512": "avx512f", "AMX": "amx_tile"}
RESULTS = Path(__file__).parent.parent / "data/results/benchmarks/models.json"


@dataclass(frozen=True)
class Row:
    name: str
    preset: str
    shape: tuple[int, ...]  # of the input
    theirs: str  # module:class
    arguments: dict[str, Any] = field(default_factory=dict)  # theirs


SWINIR = "spandrel.architectures.SwinIR.__arch.SwinIR:SwinIR"
CLASSICAL = {
    "img_size": 64,
    "window_size": 8,
    "depths": [6] * 6,
    "embed_dim": 180,
    "num_heads": [6] * 6,
    "mlp_ratio": 2,
}
LIGHT = CLASSICAL | {"depths": [6] * 4, "embed_dim": 60, "num_heads": [6] * 4}
HAT = "spandrel.architectures.HAT.__arch.HAT:HAT"
HAT_S = {
    "window_size": 16,
    "compress_ratio": 24,
    "squeeze_factor": 24,
    "depths": (6,) * 6,
    "embed_dim": 144,
    "num_heads": (6,) * 6,
    "mlp_ratio": 2,
    "upscale": 4,
}
NAFNET = "spandrel.architectures.NAFNet.__arch.NAFNet_arch:NAFNet"
GOPRO = {"width": 32, "middle_blk_num": 1, "enc_blk_nums": [1, 1, 1, 28], "dec_blk_nums": [1] * 4}
SIDD = {"width": 32, "middle_blk_num": 12, "enc_blk_nums": [2, 2, 4, 8], "dec_blk_nums": [2] * 4}
RESTORMER = "spandrel_extra_arches.architectures.Restormer.__arch.restormer_arch:Restormer"
MPRNET = "spandrel_extra_arches.architectures.MPRNet.__arch.MPRNet:MPRNet"
ROWS = (
    Row(
        "swinir",
        "light_x2",
        (1, 3, 64, 64),
        SWINIR,
        LIGHT | {"upscale": 2, "upsampler": "pixelshuffledirect"},
    ),
    Row(
        "swinir",
        "light_x2",
        (1, 3, 128, 128),
        SWINIR,
        LIGHT | {"upscale": 2, "upsampler": "pixelshuffledirect"},
    ),
    Row(
        "swinir",
        "classical_x2",
        (1, 3, 64, 64),
        SWINIR,
        CLASSICAL | {"upscale": 2, "upsampler": "pixelshuffle"},
    ),
    Row("hat", "s_x4", (1, 3, 64, 64), HAT, HAT_S),
    Row("restormer", "deblur", (1, 3, 128, 128), RESTORMER),
    Row("restormer", "denoise_real", (1, 3, 128, 128), RESTORMER, {"LayerNorm_type": "BiasFree"}),
    Row("nafnet", "gopro_w32", (1, 3, 256, 256), NAFNET, GOPRO),
    Row("nafnet", "sidd_w32", (1, 3, 128, 128), NAFNET, SIDD),
    Row("mprnet", "derain", (1, 3, 128, 128), MPRNET),
)


def pair(row: Row) -> tuple[nn.Module, nn.Module]:
    """Ours and theirs, evaluating, with the same random weights."""
    ours = build(row.name, row.preset).eval()
    state: dict[str, Tensor] = {}
    first: dict[int, str] = {}  # where one tensor has several published names, all hold the same numbers
    for slot in published.published_slots(ours):
        shape = slot.published(slot.tensor).shape
        if (known := first.setdefault(id(slot.tensor), slot.name)) != slot.name:
            state[slot.name] = state[known]
            continue
        noise = np.random.default_rng(zlib.crc32(slot.name.encode())).standard_normal(shape)
        fan = noise[0].size if noise.ndim > 1 else 1
        state[slot.name] = torch.from_numpy(0.5 * noise / fan**0.5 if fan > 1 else 0.5 + 0.1 * noise).float()
    published.load(ours, state)
    module, name = row.theirs.split(":")
    theirs: nn.Module = getattr(importlib.import_module(module), name)(**row.arguments).eval()
    report = theirs.load_state_dict(state, strict=False)
    missing = set(report.missing_keys) & {n for n, _ in theirs.named_parameters()}
    if missing or report.unexpected_keys:
        raise ValueError(f"not the same architecture: {sorted(missing)[:3]}, {report.unexpected_keys[:3]}")
    return ours, theirs


def image(row: Row) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).random(row.shape)).float()


def restored(model: nn.Module, x: Tensor) -> Tensor:
    """The picture; of a model of several stages that of the last, which needs all of them."""
    output: Tensor | Sequence[Tensor] = model(x)
    return output if isinstance(output, Tensor) else output[0]


def forward(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return restored(model, x)


def forward_backward(model: nn.Module, x: Tensor) -> None:
    model.zero_grad(set_to_none=True)
    restored(model, x).square().mean().backward()


PASSES: dict[str, Callable[[nn.Module, Tensor], Any]] = {
    "forward": forward,
    "forward + backward": forward_backward,
}


def seconds(
    models: tuple[nn.Module, nn.Module], call: Callable[[nn.Module], Any], repeats: int
) -> list[float]:
    """The best time of each, taking turns so that a slow moment of the machine meets both."""
    best = [float("inf")] * len(models)
    for repeat in range(repeats + 1):  # the first one warms up
        for i, model in enumerate(models):
            start = time.perf_counter()
            call(model)
            if repeat:
                best[i] = min(best[i], time.perf_counter() - start)
    return best


def matrix_rate(side: int = 1024) -> float:
    """Multiply-accumulates a second of one large float32 matrix product."""
    a, b = torch.rand(2, side, side)
    (best,) = seconds((nn.Identity(),), lambda _: a @ b, 10)
    return side**3 / best


def peak_of(row: int, which: int, what: str) -> float:
    """MiB that one pass adds to the peak of a fresh process (Linux: /proc)."""
    arguments = [sys.executable, __file__, "--child", json.dumps([row, which, what])]
    return float(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


def child(row: int, which: int, what: str) -> None:
    models = pair(ROWS[row])
    model, x = models[which], image(ROWS[row])
    del models
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = _memory("VmRSS")
    PASSES[what](model, x)
    print((_memory("VmHWM") - before) / 1024)


def _memory(key: str) -> int:
    (line,) = (s for s in Path("/proc/self/status").read_text().splitlines() if s.startswith(key))
    return int(line.split()[1])


def bound_by(model: nn.Module, what: str, x: Tensor) -> str:
    """The three operations in which our pass spends most of its time, and their shares."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        PASSES[what](model, x)
    events = sorted(profile.key_averages(), key=lambda event: -event.self_cpu_time_total)
    total = sum(event.self_cpu_time_total for event in events)
    shares = (f"{e.key.removeprefix('aten::')} {e.self_cpu_time_total / total:.0%}" for e in events[:3])
    return ", ".join(shares)


def measure(index: int, rate: float, repeats: int) -> Iterator[dict[str, Any]]:
    """The record of each pass of one row."""
    row = ROWS[index]
    models, x = pair(row), image(row)
    macs = count.macs(count.on_meta(row.name, row.preset), x)
    difference = (forward(models[0], x) - forward(models[1], x)).abs().max().item()
    for what, run in PASSES.items():
        ours, theirs = seconds(models, lambda model, run=run, x=x: run(model, x), repeats)
        memory = [peak_of(index, which, what) for which in (0, 1)]
        passes = 3 if "backward" in what else 1  # a backward pass computes two products for each one
        yield {
            "name": row.name,
            "preset": row.preset,
            "shape": list(row.shape),
            "pass": what,
            "difference": difference,
            "seconds": [round(ours, 4), round(theirs, 4)],
            "time_ratio": round(theirs / ours, 3),
            "mebibytes": [round(m, 1) for m in memory],
            "memory_ratio": round(memory[1] / memory[0], 3),
            "rate_share": round(passes * macs / ours / rate, 3),
            "bound_by": bound_by(models[0], what, x),
        }


def line(record: dict[str, Any]) -> str:
    """A record as a row of the table."""
    ours, theirs = record["seconds"]
    our_memory, their_memory = record["mebibytes"]
    return (
        f"| {record['name']} {record['preset']} | {'x'.join(map(str, record['shape']))} | {record['pass']} "
        f"| {record['difference']:.1e} | {ours:.3f} | {theirs:.3f} | {record['time_ratio']:.2f} "
        f"| {our_memory:.0f} | {their_memory:.0f} | {record['rate_share']:.0%} | {record['bound_by']} |"
    )


HEAD = """\
| model | input | pass | difference | ours s | theirs s | ratio | ours MiB | theirs MiB | of the rate | spent in |
|---|---|---|---:|---:|---:|---:|---:|---:|---:|---|"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="models whose name holds this")
    parser.add_argument(
        "--write", action="store_true", help=f"keep the records in {RESULTS.name}, for the book"
    )
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    if options.child:
        child(*json.loads(options.child))
        return
    rate = matrix_rate()
    machine = {
        "processor": processor(),
        "load": round(
            os.getloadavg()[0], 1
        ),  # of the machine when the measurement began: below 0.5 it was quiet
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "gflops": round(2 * rate / 1e9, 1),
        "peers": {name: version(name) for name in ("spandrel", "spandrel_extra_arches")},
    }
    print(", ".join(f"{key} {value}" for key, value in machine.items()), f"\n\n{HEAD}")
    records = []
    for index, row in enumerate(ROWS):
        if options.only in row.name:
            for record in measure(index, rate, options.repeats):
                print(line(record), flush=True)
                records.append(record)
    mean = {what: geometric_mean([r for r in records if r["pass"] == what]) for what in PASSES}
    print("\ngeometric mean of the ratios:", ", ".join(f"{what} {mean[what]:.2f}" for what in PASSES))
    if options.write:
        others = [
            m for m in json.loads(RESULTS.read_text("utf-8"))["machines"] if m["processor"] != processor()
        ]
        machines = [*others, machine | {"records": records}]
        RESULTS.write_text(json.dumps({"machines": machines}, indent=1) + "\n", "utf-8")


def processor() -> str:
    """Its name and what it has for matrices (Linux: /proc)."""
    told = dict(
        (part.strip() for part in row.split(":", 1))
        for row in Path("/proc/cpuinfo").read_text().splitlines()
        if ":" in row
    )
    units = [unit for unit, flag in UNITS.items() if flag in told["flags"].split()]
    family = f"family {told['cpu family']} model {told['model']}"
    return ", ".join([told["model name"], family, *units])


def geometric_mean(records: list[dict[str, Any]]) -> float:
    return math.exp(sum(math.log(record["time_ratio"]) for record in records) / len(records))


if __name__ == "__main__":
    main()
