"""The photographs: true to their card, split by scene, and the same as in the packages they came from."""

import hashlib

import pytest

from paperlens.data import copy_photographs, path, photographs, to_tensor
from paperlens.data.photograph_set import card

RECORDS = card()
NAMES = [record["name"] for record in RECORDS]


@pytest.mark.parametrize("record", RECORDS, ids=NAMES)
def test_a_file_is_what_its_card_says(record):
    content = path(f"photographs/{record['file']}").read_bytes()
    assert hashlib.sha256(content).hexdigest() == record["sha256"]
    assert copy_photographs.original(record["source"]).read_bytes() == content
    assert all(record[fact] for fact in ("title", "credit", "licence", "origin", "stated_in"))


def test_every_file_has_a_card_and_the_folder_stays_small():
    files = [file for file in path("photographs").iterdir() if file.suffix != ".json"]
    assert {file.name for file in files} == {record["file"] for record in RECORDS}
    assert sum(file.stat().st_size for file in files) < 6_000_000


def test_no_scene_crosses_the_split():
    scenes = {split: {r["scene"] for r in RECORDS if r["split"] == split} for split in ("train", "test")}
    assert scenes["train"] and scenes["test"] and not scenes["train"] & scenes["test"]
    assert {r["split"] for r in RECORDS if r["name"].startswith("motorcycle")} == {"train"}


def test_the_dataset_holds_the_pictures():
    everything = photographs(kind=None)
    assert everything.column_names == ["name", "split", "kind", "credit", "licence", "image"]
    assert list(everything["name"]) == NAMES
    for row, record in zip(everything, RECORDS, strict=True):
        assert row["image"].size == (record["width"], record["height"])
        assert row["image"].mode == ("L" if record["kind"] == "grey" else "RGB")
        assert to_tensor(row["image"]).shape == (3, record["height"], record["width"])


def test_the_splits_hold_different_natural_pictures():
    train, test = photographs("train"), photographs("test")
    assert set(train["kind"]) == set(test["kind"]) == {"natural"}
    assert len(test) >= 4
    assert not set(train["name"]) & set(test["name"])
    assert sorted([*train["name"], *test["name"]]) == sorted(photographs()["name"])
    assert list(photographs("test", kind="grey")["name"]) == ["camera"]


def test_the_dataset_leaves_no_file_behind():
    data = photographs()
    assert data.cache_files == []
    assert data.filter(lambda row: row["split"] == "test").cache_files == []


def test_an_unknown_split_or_kind_is_named():
    with pytest.raises(ValueError, match="'valid'"):
        photographs("valid")
    with pytest.raises(ValueError, match="'gray'"):
        photographs(kind="gray")


def test_the_recipe_copies_the_same_bytes(capsys):
    assert copy_photographs.main() == 0
    assert len(capsys.readouterr().out.splitlines()) == len(RECORDS)
