"""Checkpoints: whole or absent, refused with the reason, and never executed."""

import errno
import pickle
from pathlib import Path

import pytest
import torch
from tiny_training import network, objective, plan, same, source
from torch import nn

from paperlens.errors import UserError
from paperlens.train import checkpoint
from paperlens.train.loop import train


def test_weights_come_back_as_they_were(tmp_path: Path) -> None:
    file = tmp_path / "network.safetensors"
    checkpoint.write(file, checkpoint.pack(network().state_dict()))
    other = network()
    nn.init.zeros_(other[0].weight)  # type: ignore[index,arg-type]
    checkpoint.load(other, file)
    assert same(other, network())
    assert [entry.name for entry in tmp_path.iterdir()] == ["network.safetensors"]


def test_another_model_is_refused_with_the_first_differing_names(tmp_path: Path) -> None:
    file = tmp_path / "network.safetensors"
    checkpoint.write(file, checkpoint.pack(network(width=5).state_dict()))
    before = network()
    with pytest.raises(
        UserError, match=r"other shape 0.weight is \(5, 3, 3, 3\) in the file, \(4, 3, 3, 3\)"
    ):
        checkpoint.load(before, file)
    assert same(before, network())
    with pytest.raises(
        UserError, match=r"than Linear: missing weight; bias \(2 in all\), not in the model .*4 in all"
    ):
        checkpoint.load(nn.Linear(2, 2), file)


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "pickle"])
def test_a_damaged_file_ends_in_a_sentence(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "network.safetensors"
    whole = checkpoint.pack(network().state_dict())
    hostile = pickle.dumps({"0.weight": 1})
    file.write_bytes(
        {"cut": whole[:-9], "text": b"not tensors at all", "empty": b"", "pickle": hostile}[damage]
    )
    with pytest.raises(UserError, match="is no readable safetensors file"):
        checkpoint.load(network(), file)
    with pytest.raises(UserError, match="is no readable safetensors file"):
        checkpoint.load(network(), tmp_path / "absent.safetensors")


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('executed')",))


def test_a_pickle_in_the_optimizers_place_is_not_executed(tmp_path: Path) -> None:
    train(network(), source(), objective, plan(4), folder=tmp_path)
    torch.save({"optimizer": Hostile()}, tmp_path / "step-00000004" / "optimizer.pt")
    with pytest.raises(UserError, match="step-00000004 is damaged"):
        train(network(), source(), objective, plan(4), folder=tmp_path, resume=True)


@pytest.mark.parametrize("lost", ["optimizer.pt", "state.json", "average.safetensors"])
def test_a_missing_part_is_named(tmp_path: Path, lost: str) -> None:
    train(network(), source(), objective, plan(4), folder=tmp_path)
    (tmp_path / "step-00000004" / lost).unlink()
    with pytest.raises(UserError, match=lost.split(".", maxsplit=1)[0]):
        train(network(), source(), objective, plan(4), folder=tmp_path, resume=True)


@pytest.mark.parametrize("part", ["weights", "optimizer", "state"])
def test_a_full_disk_leaves_the_last_checkpoint_whole(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = network()
    train(whole, source(), objective, plan())
    write = checkpoint.write

    def full(path: Path, content: bytes) -> None:
        if "step-00000010" in str(path) and path.name.startswith(part):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write", full)
        with pytest.raises(
            UserError, match=r"disk is full: step 10 .*step-00000005 is whole; free space and resume"
        ):
            train(network(), source(), objective, plan(), folder=tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["step-00000005"]
    resumed = network()
    train(resumed, source(), objective, plan(), folder=tmp_path, resume=True)
    assert same(resumed, whole)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "result.json"
    checkpoint.write(file, b"old")

    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.write(file, b"new")
    assert file.read_bytes() == b"old" and [entry.name for entry in tmp_path.iterdir()] == ["result.json"]
