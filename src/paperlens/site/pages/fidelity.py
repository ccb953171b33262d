"""The generated table of fidelity: what each preset counts, how far it is from the authors' outputs, how fast it is.

Nothing is measured here. Counts, the authors' figures and licences come from the catalogue, differences from
data/results/fidelity/published.json (tests/fidelity/record.py) and ratios from data/results/benchmarks/models.json
(benchmarks/models.py --write).
"""

import json
from collections.abc import Mapping
from statistics import geometric_mean
from typing import Any

from paperlens.data.files import path
from paperlens.site.pages.facts import models

DIFFERENCES, BENCHMARK = "results/fidelity/published.json", "results/benchmarks/models.json"
HEADS = (
    "System", "Preset", "Parameters counted", "Published", "G MACs (input)", "Golden outputs", "Speed", "Memory",
    "Licence",
)  # fmt: skip
SPEED_HEADS = (
    "Model", "Input", "Pass", "Seconds: ours, theirs", "Ratio", "MiB: ours, theirs", "Of the rate", "Our time goes to",
)  # fmt: skip
PASSES = {"forward": "forward", "forward + backward": "training step"}
NOT_MEASURED, NONE = "not measured", "–"


def table() -> str:
    """One row for each preset but the tiny ones, and one for each golden output of a smaller network."""
    differences, records = _results(DIFFERENCES), _least()
    lines = ["```{list-table}", ":class: pl-fidelity", ":header-rows: 1", ""]
    lines += _row(HEADS)
    for system, fact in models().items():
        licence = f"{fact['licence']} ({fact['origin']})"
        sizes = {preset: f"{size} ({source})" for preset, (size, source) in fact["published_sizes"].items()}
        for preset, count in fact["parameters"].items():
            if preset.startswith("tiny"):
                continue
            goldens = [golden for golden, of in fact["goldens"].items() if of == preset]
            mine = [r for r in records if (r["name"], r["preset"]) == (system, preset)]
            cells = [system, f"`{preset}`", f"{count:,}", sizes.get(preset, NONE)]
            cells += [_macs(fact["macs"].get(preset)), _agreement(goldens, differences)]
            cells += [_ratios(mine, "time_ratio"), _ratios(mine, "memory_ratio"), licence]
            lines += _row(cells)
        for golden in (golden for golden, of in fact["goldens"].items() if of is None):
            cells = [system, f"smaller, for `{golden}`", NONE, NONE, NONE, _agreement([golden], differences)]
            lines += _row([*cells, NOT_MEASURED, NOT_MEASURED, licence])
    return "\n".join([*lines, "```", ""])


def speed() -> str:
    """For each processor every pass beside the peer's, what bounds it, and the means; or that nothing was measured."""
    machines = _results(BENCHMARK).get("machines", [])
    if not machines:
        return f"Not measured yet: `python benchmarks/models.py --write` writes data/{BENCHMARK}.\n"
    return "\n".join(_speed(machine) for machine in machines)


def _speed(machine: Mapping[str, Any]) -> str:
    records = machine["records"]
    lines = ["```{list-table}", ":class: pl-fidelity", ":header-rows: 1", "", *_row(SPEED_HEADS)]
    for r in records:
        seconds, memory = ("{}, {}".format(*r[key]) for key in ("seconds", "mebibytes"))
        cells = [f"{r['name']} `{r['preset']}`", "x".join(map(str, r["shape"])), PASSES[r["pass"]], seconds]
        cells += [f"{r['time_ratio']:.2f}", memory, f"{r['rate_share']:.0%}", f"`{r['bound_by']}`"]
        lines += _row(cells)
    means = ", ".join(
        f"{name} {geometric_mean(r['time_ratio'] for r in records if r['pass'] == key):.2f}"
        for key, name in PASSES.items()
    )
    peers = " and ".join(f"{name} {number}" for name, number in machine["peers"].items())
    load = "" if machine["load"] is None else f", load average {machine['load']} before the first"
    told = (
        f"Processor: {machine['processor']}{load}. Geometric mean of the ratios: {means}. torch {machine['torch']}, "
        f"{machine['threads']} thread, {machine['gflops']} GFLOP/s in a matrix product of 1024 squared; {peers}."
    )
    return "\n".join([*lines, "```", "", told, ""])


def _least() -> list[dict[str, Any]]:
    """Each measured pass once, with the smallest ratios of all processors."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for machine in _results(BENCHMARK).get("machines", []):
        for record in machine["records"]:
            key = (record["name"], record["preset"], tuple(record["shape"]), record["pass"])
            known = found.setdefault(key, dict(record))
            for ratio in ("time_ratio", "memory_ratio"):
                known[ratio] = min(known[ratio], record[ratio])
    return list(found.values())


def _row(cells: tuple[str, ...] | list[str]) -> list[str]:
    return [f"{'  ' if i else '* '}- {cell}" for i, cell in enumerate(cells)]


def _macs(entry: Any) -> str:
    """`51.06 (1x3x64x64)`; of several inputs all are named."""
    if entry is None:
        return NONE
    shape, giga = entry
    shapes = [shape] if isinstance(shape[0], int) else shape
    return f"{giga:.2f} ({', '.join('x'.join(map(str, s)) for s in shapes)})"


def _agreement(goldens: list[str], differences: Mapping[str, Any]) -> str:
    """The largest recorded difference over a preset's golden outputs; of others the bound that the tests hold."""
    if not goldens:
        return "no golden"
    recorded = [differences[golden] for golden in goldens if golden in differences]
    if len(recorded) < len(goldens):
        return "below 1e-08, as the tests hold"
    worst = max(recorded, key=lambda entry: float(entry["difference"]))
    return f"{worst['difference']:.0e}"


def _ratios(records: list[dict[str, Any]], key: str) -> str:
    """`forward 1.90, training step 1.40 (1x3x64x64)`, one line for each input size."""
    found: dict[str, list[str]] = {}
    for record in records:
        size = "x".join(map(str, record["shape"]))
        found.setdefault(size, []).append(f"{PASSES[record['pass']]} {record[key]:.2f}")
    return "; ".join(f"{', '.join(values)} ({size})" for size, values in found.items()) or NOT_MEASURED


def _results(name: str) -> dict[str, Any]:
    """A committed file of results; empty where it was never written."""
    file = path("results") / name.partition("/")[2]
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
