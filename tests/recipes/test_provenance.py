"""The source hash changes with what takes part in a number, and with nothing else."""

from pathlib import Path

import pytest

from paperlens import importgraph
from paperlens.recipes.engine import provenance


def test_what_is_followed() -> None:
    found = set(
        importgraph.reach(["paperlens.recipes.swinir.against_edsr"], without=provenance.CATALOGUES).modules
    )
    assert {
        "paperlens.recipes.engine.super_resolution",
        "paperlens.train.loop",
        "paperlens.train.crops",
    } <= found
    assert {"paperlens.data.images"} <= found
    assert not found & {
        "paperlens.models",
        "paperlens.cli",
        "paperlens.recipes.engine.report",
        "paperlens.classroom",
    }


def test_the_hash_follows_imports_and_ignores_the_rest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sources = {"__init__": "", "a": "from paperlens.b import f\nimport os\n", "b": "f = 1\n", "c": "x = 1\n"}
    package = tmp_path / "paperlens"
    package.mkdir()
    for name, text in sources.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.setattr(importgraph, "PACKAGE", package)
    before = provenance.source_hash(["paperlens.a"])
    (package / "c.py").write_text("unrelated = 2\n")
    assert provenance.source_hash(["paperlens.a"]) == before
    (package / "b.py").write_text("f = 2\n")
    assert provenance.source_hash(["paperlens.a"]) != before


def test_commit_and_device_are_told() -> None:
    assert len(provenance.commit()) in (4, 40)
    assert provenance.device()
