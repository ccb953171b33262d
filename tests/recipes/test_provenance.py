"""The source hash changes with what takes part in a number, and with nothing else."""

from pathlib import Path

import pytest

from paperlens.recipes import provenance


def test_what_is_followed() -> None:
    found = set(provenance.reachable(["paperlens.recipes.swinir"]))
    assert {"paperlens.recipes.super_resolution", "paperlens.train.loop", "paperlens.train.crops"} <= found
    assert {"paperlens.data.images"} <= found
    assert not found & {
        "paperlens.models",
        "paperlens.cli",
        "paperlens.recipes.report",
        "paperlens.classroom",
    }


def test_the_hash_follows_imports_and_ignores_the_rest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sources = {"a": "from paperlens.b import f\nimport os\n", "b": "f = 1\n", "c": "unrelated = 1\n"}
    for name, text in sources.items():
        (tmp_path / f"{name}.py").write_text(text)

    class Spec:
        def __init__(self, file: Path) -> None:
            self.origin = str(file)

    def spec(name: str) -> Spec | None:
        file = tmp_path / f"{name.removeprefix('paperlens.')}.py"
        return Spec(file) if file.exists() else None

    monkeypatch.setattr(provenance, "find_spec", spec)
    before = provenance.source_hash(["paperlens.a"])
    (tmp_path / "c.py").write_text("unrelated = 2\n")
    assert provenance.source_hash(["paperlens.a"]) == before
    (tmp_path / "b.py").write_text("f = 2\n")
    assert provenance.source_hash(["paperlens.a"]) != before


def test_commit_and_device_are_told() -> None:
    assert len(provenance.commit()) in (4, 40)
    assert provenance.device()
