"""Every packing of published files is taken off; no other file gets further than one sentence, none runs."""

import os
import pickle
import shutil
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from paperlens.checkpoints import weights
from paperlens.checkpoints.weights import read
from paperlens.errors import UserError

STATE = {"conv.weight": torch.arange(6.0).reshape(2, 3), "conv.bias": torch.ones(2)}
MODULE = {f"module.{name}": tensor for name, tensor in STATE.items()}
OTHER = {name: -tensor for name, tensor in STATE.items()}


class Code:
    """What a hostile pickle asks for."""

    def __init__(self, target):
        self.target = str(target)

    def __reduce__(self):
        return os.mkdir, (self.target,)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before torch 1.6"])
@pytest.mark.parametrize(
    ("content", "packing"),
    [
        (STATE, ()),
        ({"params": STATE}, ("params",)),
        ({"params": OTHER, "params_ema": STATE}, ("params_ema",)),
        ({"epoch": 3, "state_dict": MODULE, "optimizer": {"lr": 1e-4}}, ("state_dict", "module.")),
        ({"model": {"net": MODULE}}, ("model", "net", "module.")),
    ],
    ids=["plain", "params", "average preferred", "lightning", "nested"],
)
def test_packing_is_taken_off(tmp_path, content, packing, zipped):
    torch.save(content, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    found = read(tmp_path / "a.pth")[0]
    assert found.packing == packing
    assert found.state.keys() == STATE.keys()
    assert all(torch.equal(found.state[name], STATE[name]) for name in STATE)


def test_safetensors_under_any_name(tmp_path):
    save_file({f"params.{name}": tensor for name, tensor in MODULE.items()}, tmp_path / "a.bin")
    found = read(tmp_path / "a.bin")[0]
    assert found.packing == ("params.", "module.")
    assert torch.equal(found.state["conv.weight"], STATE["conv.weight"])


@pytest.mark.parametrize("form", ["zip", "before torch 1.6", "bare pickle"])
def test_code_in_a_pickle_does_not_run(tmp_path, form):
    file, target = tmp_path / "evil.pth", tmp_path / "ran"
    content = {"params": STATE, "more": Code(target)}
    if form == "bare pickle":
        file.write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, file, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(UserError, match="could run code: nothing was run"):
        read(file)
    assert not target.exists()
    torch.load(file, weights_only=False) if form != "bare pickle" else pickle.loads(file.read_bytes())
    assert target.exists(), "the file was harmless: this test showed nothing"


@pytest.mark.parametrize("form", ["zip", "before torch 1.6", "safetensors"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.95])
def test_a_file_cut_short(tmp_path, form, kept):
    file = tmp_path / "a.pth"
    state = {"conv.weight": torch.rand(100, 100)}
    if form == "safetensors":
        save_file(state, file)
    else:
        torch.save(state, file, _use_new_zipfile_serialization=form == "zip")
    content = file.read_bytes()
    file.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(UserError, match=r"damaged or cut short.*; download it again\.$"):
        read(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a checkpoint"),
        (b"not a checkpoint at all", "not a checkpoint"),
        (b"\x89PNG\r\n\x1a\n and so on", "is a picture, not a checkpoint"),
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file .*, not a checkpoint"),
        (b"\x93NUMPY\x01\x00", "is an array of NumPy .*, not a checkpoint"),
        (b"\x80\x02garbage", "damaged"),
        (b"PK\x03\x04garbage", "damaged"),
        (b"\xff\xff\xff\xff\x00\x00\x00\x00{garbage", "damaged"),
    ],
)
def test_other_files(tmp_path, content, said):
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(UserError, match=said):
        read(tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"epoch": 3}, r"no named tensors \(found epoch\)"),
        ([torch.ones(2)], r"no named tensors \(found list\)"),
        (torch.ones(2), r"no named tensors \(found Tensor\)"),
        ({"a": torch.ones(2, 2).to_sparse()}, "sparse"),
    ],
)
def test_files_of_torch_without_a_state(tmp_path, content, said):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(UserError, match=said):
        read(tmp_path / "a.pth")


def test_missing_or_a_folder(tmp_path):
    for path in (tmp_path / "nothing.pth", tmp_path):
        with pytest.raises(UserError, match="there is no file"):
            read(path)


def test_a_huge_file_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "MAX_BYTES", 2000)
    torch.save({"a": torch.ones(1000)}, tmp_path / "a.pth")
    with pytest.raises(UserError, match=r"bytes, more than 2,000; it was not opened"):
        read(tmp_path / "a.pth")


def test_a_file_that_unpacks_to_anything(tmp_path):
    torch.save({"a": torch.zeros(100_000)}, tmp_path / "a.pth")
    with (
        zipfile.ZipFile(tmp_path / "a.pth") as whole,
        zipfile.ZipFile(tmp_path / "b.pth", "w", zipfile.ZIP_DEFLATED) as small,
    ):
        for member in whole.infolist():
            small.writestr(member.filename, whole.read(member))
    with pytest.raises(UserError, match="compressed archive"):
        read(tmp_path / "b.pth")


def test_members_that_claim_too_much(tmp_path, monkeypatch):
    torch.save({"a": torch.zeros(1000)}, tmp_path / "a.pth")
    shutil.copy(tmp_path / "a.pth", tmp_path / "b.pth")
    with zipfile.ZipFile(tmp_path / "b.pth", "a") as archive:
        info = archive.infolist()[-1]
        info.file_size = 4_000_000_001
        archive._didModify = True  # the directory at the end is written anew, with our claim
    with pytest.raises(UserError, match=r"claims 4,000,00\d,\d{3} bytes"):
        read(tmp_path / "b.pth")
