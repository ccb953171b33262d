"""The record vouches for what passed as a whole, on the same sources; a sample is run all the same."""

import json
from types import SimpleNamespace

import pytest
import verified
from verified import Check, Verified


class Hook:
    def pytest_deselected(self, items):
        self.items = items


def item(check, test, marked=True):
    module = SimpleNamespace(__file__=__file__, depends=lambda one: Check(check, files=()) if check else None)
    return SimpleNamespace(
        nodeid=f"tests/{check}.py::{test}", module=module, get_closest_marker=lambda name: marked or None
    )


def session(items, outcomes, **options):
    """Collect, run with the given outcomes (test -> passed), finish; the tests that ran."""
    plugin = Verified(**{"changed": True, "record": True} | options)
    config = SimpleNamespace(hook=Hook())
    chosen = list(items)
    plugin.pytest_collection_modifyitems(config, chosen)
    for one in chosen:
        if one.nodeid.partition("::")[2] in outcomes:
            good = outcomes[one.nodeid.partition("::")[2]]
            report = SimpleNamespace(nodeid=one.nodeid, failed=not good, passed=good, when="call")
            plugin.pytest_runtest_logreport(report)
    plugin.pytest_sessionfinish()
    return [one.nodeid.partition("::")[2] for one in chosen]


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    monkeypatch.setattr(verified, "RECORD", tmp_path / "verified.json")
    monkeypatch.setattr(verified, "drawn", lambda name, commit: False)
    return tmp_path / "verified.json"


def test_what_passed_is_left_out_until_something_changes(monkeypatch):
    items = [item("a", "one"), item("a", "two"), item("b", "three")]
    passed = {"one": True, "two": True, "three": True}
    assert session(items, passed) == ["one", "two", "three"]
    assert session(items, passed) == []
    monkeypatch.setattr(verified, "environment", lambda: "another Python")
    assert session(items, passed) == ["one", "two", "three"]


def test_a_check_of_which_a_part_failed_or_did_not_run_is_not_recorded(record):
    items = [item("a", "one"), item("a", "two"), item("b", "three")]
    session(items, {"one": True, "two": False, "three": True})
    assert set(json.loads(record.read_text())) == {"b"}
    session(items, {"one": True})
    assert set(json.loads(record.read_text())) == {"b"}


def test_a_failure_takes_a_check_out(record):
    items = [item("a", "one")]
    session(items, {"one": True})
    assert session(items, {"one": False}, changed=False) == ["one"]
    assert json.loads(record.read_text()) == {}


def test_an_edited_record_is_caught_by_the_sample(monkeypatch, record):
    items = [item("a", "one"), item("b", "two")]
    session(items, {"one": True, "two": True})
    monkeypatch.setattr(verified, "drawn", lambda name, commit: name == "b")
    assert session(items, {"two": False}) == ["two"]
    assert set(json.loads(record.read_text())) == {"a"}


def test_one_in_ten_is_drawn_and_another_commit_draws_others(monkeypatch):
    monkeypatch.undo()
    names = [f"check {n}" for n in range(1000)]
    first, second = ({n for n in names if verified.drawn(n, commit)} for commit in ("abc", "abd"))
    assert 60 < len(first) < 140 and len(first & second) < 40


def test_shards_share_the_checks_out(record):
    items = [item(f"check {n}", f"test {n}") for n in range(20)]
    parts = [session(items, {}, changed=False, record=False, shard=(n, 3)) for n in range(3)]
    assert sorted(test for part in parts for test in part) == sorted(f"test {n}" for n in range(20)) and all(
        parts
    )


def test_a_test_without_a_check_always_runs():
    always = item("", "light", marked=False)
    assert session([always], {"light": True}) == ["light"]
    assert session([always], {"light": True}) == ["light"]


def test_the_key_follows_files_and_modules(tmp_path, monkeypatch):
    monkeypatch.setattr(verified, "ROOT", tmp_path)
    monkeypatch.setattr(verified, "environment", lambda: "")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x.csv").write_text("1")
    before = Check("a", ["paperlens.ops.windows"], [tmp_path / "data"]).key()
    assert Check("a", ["paperlens.ops.windows"], [tmp_path / "data"]).key() == before
    assert Check("a", ["paperlens.ops.fourier"], [tmp_path / "data"]).key() != before
    (tmp_path / "data/y.csv").write_text("1")
    assert Check("a", ["paperlens.ops.windows"], [tmp_path / "data"]).key() != before


def test_a_file_that_reaches_a_catalogue_depends_on_its_rows():
    found = verified.loadable([verified.ROOT / "tests/fidelity/test_published.py"])
    assert {"paperlens.models.mri.minet", "paperlens.models.restoration.swinir"} <= found
    assert "paperlens.models.mri.minet" not in verified.loadable(
        [verified.ROOT / "tests/ops/test_windows.py"]
    )
