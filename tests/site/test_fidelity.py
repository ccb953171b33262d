"""The table of fidelity says what catalogue, records and benchmark say, and no more."""

import json

import pytest

from paperlens.models import CATALOGUE
from paperlens.site.pages import facts, fidelity


def row(system, preset):
    lines = fidelity.table().splitlines()
    start = next(
        i for i, line in enumerate(lines) if line == f"* - {system}" and lines[i + 1] == f"  - `{preset}`"
    )
    return [line[4:] for line in lines[start : start + len(fidelity.HEADS)]]


def test_every_published_preset_has_a_row_of_all_columns():
    table = fidelity.table()
    presets = [(n, p) for n, e in CATALOGUE.items() for p in e.presets if not p.startswith("tiny")]
    for system, preset in presets:
        assert row(system, preset)[2] == f"{CATALOGUE[system].parameters[preset]:,}"
    smaller = sum(of is None for fact in facts.models().values() for of in fact["goldens"].values())
    assert table.count("* - ") == 1 + len(presets) + smaller


def test_a_row_holds_the_facts():
    found = row("swinir", "classical_x4")
    assert found[3] == "11.9M (HAT's README)"
    assert found[4].startswith("53.56 (1x3x64x64")
    assert "e-" in found[5]
    assert found[8].startswith("Apache-2.0")


@pytest.fixture
def results(tmp_path, monkeypatch):
    for folder in ("benchmarks", "fidelity"):
        (tmp_path / "results" / folder).mkdir(parents=True)
    monkeypatch.setattr(fidelity, "path", lambda name: tmp_path / name)
    entries = {golden: {"difference": 3e-10, "dtype": "float64"} for golden in _goldens()}
    (tmp_path / fidelity.DIFFERENCES).write_text(json.dumps(entries), "utf-8")
    return tmp_path


def _goldens():
    return [golden for fact in facts.models().values() for golden in fact["goldens"]]


def test_ratios_come_from_the_benchmark_where_there_is_one(results):
    assert row("hat", "s_x4")[6:8] == ["not measured", "not measured"]
    both = {"name": "hat", "preset": "s_x4", "shape": [1, 3, 64, 64]}
    records = [
        both | {"pass": "forward", "time_ratio": 1.904, "memory_ratio": 3.0},
        both | {"pass": "forward + backward", "time_ratio": 1.4, "memory_ratio": 1.25},
    ]
    slower = [both | {"pass": "forward", "time_ratio": 1.2, "memory_ratio": 3.5}]  # on another processor
    machines = [{"records": records}, {"records": slower}]
    (results / fidelity.BENCHMARK).write_text(json.dumps({"machines": machines}), "utf-8")
    assert row("hat", "s_x4")[6:8] == [
        "forward 1.20, training step 1.40 (1x3x64x64)",
        "forward 3.00, training step 1.25 (1x3x64x64)",
    ]
    assert row("hat", "l_x4")[6] == "not measured"


def test_a_golden_without_a_record_has_the_bound_of_its_test(results):
    assert row("vit", "b16")[5] == "3e-10"
    (results / fidelity.DIFFERENCES).write_text("{}", "utf-8")
    assert row("vit", "b16")[5] == "below 1e-08, as the tests hold"
    assert row("vit", "l16")[5] == "no golden"


def test_speed_prints_each_record_and_the_means(results):
    assert "Not measured yet" in fidelity.speed()
    record = {
        "name": "hat", "preset": "s_x4", "shape": [1, 3, 64, 64], "pass": "forward", "seconds": [2.0, 8.0],
        "time_ratio": 4.0, "mebibytes": [10, 40], "memory_ratio": 4.0, "rate_share": 0.5, "bound_by": "addmm 28%",
    }  # fmt: skip
    records = [
        record,
        record | {"time_ratio": 1.0},
        record | {"pass": "forward + backward", "time_ratio": 1.25},
    ]
    machine = {
        "processor": "one", "load": 0.2, "torch": "2", "threads": 1, "gflops": 100.0, "peers": {"spandrel": "0.4"},
        "records": records,
    }  # fmt: skip
    machines = [machine, machine | {"processor": "another", "load": None}]
    (results / fidelity.BENCHMARK).write_text(json.dumps({"machines": machines}), "utf-8")
    told = fidelity.speed()
    assert told.count("* - ") == 2 * (1 + len(records))
    assert "Processor: one, load average 0.2 before the first" in told
    assert "Processor: another. Geometric" in told
    assert "forward 2.00, training step 1.25" in told
    assert "`addmm 28%`" in told
