"""`paperlens data`: folders are told in a table and sentences, the shipped files are what their cards say."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import mr_files
import pytest

from paperlens.cli import main
from paperlens.data import verify
from paperlens.data.files import root


def test_the_shipped_files_are_what_their_cards_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "verify"]) == 0, capsys.readouterr().out
    assert "nothing is wrong" in capsys.readouterr().out


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shipped") / "data"
    folder.mkdir()
    for name in ("photographs", "physics", "results/recipes/swinir"):
        shutil.copytree(root() / name, folder / name)
    for name in ("checkpoints", "demos"):
        (folder / name).mkdir()
        for file in (root() / name).glob("*.*"):
            if file.stem in ("swinir", "features"):
                shutil.copy(file, folder / name)
    assert verify.problems(folder) == []
    return folder


def study(folder: Path) -> Path:
    return folder / "results/recipes/swinir/against_edsr.json"


def edit(file: Path, change: Callable[[dict], object]) -> None:
    record = json.loads(file.read_text())
    change(record)
    file.write_text(json.dumps(record))


DAMAGE = {
    "a picture changed": (
        lambda d: (d / "photographs/coffee.png").open("ab").write(b"x"),
        "coffee.png has checksum",
    ),
    "a picture gone": (lambda d: (d / "photographs/coffee.png").unlink(), "coffee.png is missing"),
    "a picture without a card": (lambda d: (d / "photographs/new.png").touch(), "new.png has no card"),
    "a licence gone": (
        lambda d: edit(d / "photographs/photographs.json", lambda r: r["pictures"][0].pop("licence")),
        "astronaut has no licence",
    ),
    "another width": (
        lambda d: edit(d / "photographs/photographs.json", lambda r: r["pictures"][0].update(width=9)),
        r"measures \(512, 512\)",
    ),
    "weights cut": (
        lambda d: (d / "checkpoints/swinir.safetensors").write_bytes(b"12345"),
        "is not a safetensors file",
    ),
    "weights without a card": (
        lambda d: (d / "checkpoints/swinir.json").unlink(),
        "swinir.safetensors has no card",
    ),
    "more parameters": (
        lambda d: edit(d / "checkpoints/swinir.json", lambda r: r.update(parameters=10**9)),
        "its card says 1000000000",
    ),
    "a broken card": (lambda d: (d / "demos/swinir.json").write_text("{"), "demos/swinir.json is not JSON"),
    "other weights than the demo's": (
        lambda d: edit(d / "demos/swinir.json", lambda r: r.update(checkpoint_sha256="0")),
        "the card of demos/swinir.onnx says 0",
    ),
    "a value without a source": (
        lambda d: (d / "physics/noise.csv").write_text("field,source,checked\n3,,chosen\n"),
        "noise.csv, line 2: no source",
    ),
    "a table nobody describes": (
        lambda d: (d / "physics/new.csv").write_text("source,checked\n"),
        "new.csv is not described",
    ),
    "a result of another": (
        lambda d: edit(study(d), lambda r: r.update(study="edsr/alone")),
        "is the result of 'edsr/alone'",
    ),
    "runs of nothing": (
        lambda d: edit(study(d), lambda r: r.pop("results")),
        "against_edsr.json has no results",
    ),
    "a result that is no JSON": (
        lambda d: study(d).write_text("[1"),
        "results/recipes/swinir/against_edsr.json is not JSON",
    ),
    "features of another training": (
        lambda d: shutil.copy(d / "checkpoints/swinir.safetensors", d / "checkpoints/features.safetensors"),
        "checkpoints/features.safetensors has checksum",
    ),
    "a file too large": (
        lambda d: (d / "README.md").write_bytes(bytes(4_000_000)),
        "README.md has 4000000 bytes",
    ),
    "a file anywhere": (lambda d: (d / "notes.txt").touch(), "notes.txt lies where no card"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_each_damage_is_told(damage: str, shipped: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(shipped, tmp_path / "data")
    do, sentence = DAMAGE[damage]
    do(folder)
    found = verify.problems(folder)
    with pytest.raises(AssertionError, match=sentence):
        assert not found, "\n".join(found)


def test_too_much_in_all(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "TOTAL_LIMIT", 1000)
    assert any("in all" in sentence for sentence in verify.problems(shipped))


def test_a_folder_of_ixi_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for contrast in ("T1", "T2", "PD"):
        mr_files.write_ixi(tmp_path, f"IXI002-Guys-0828-{contrast}")
    mr_files.write_ixi(tmp_path, "IXI012-HH-1211-T1")
    assert main(["data", "ixi", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "2 people with a usable file, 1 with all" in told
    assert "8 x 20 x 18 (2)" in told and "share one grid" in told and "nothing is wrong" in told
    mr_files.write_ixi(tmp_path, "IXI012-HH-1211-T2", dim=[3, 18, 20, 9, 1, 1, 1, 1])
    (tmp_path / "scan.nii.gz").touch()
    assert main(["data", "ixi", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "IXI012-HH-1211-T2.nii.gz', voxels: cut short" in told
    assert "scan.nii.gz', name: expected one like" in told and "2 found wrong" in told
    assert main(["data", "ixi", "--quick", str(tmp_path)]) == 1
    assert "headers alone" in capsys.readouterr().out


def test_a_folder_of_fastmri_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mr_files.write_fastmri(tmp_path, "1", patient="a")
    mr_files.write_fastmri(tmp_path, "2", patient="a", acquisition="CORPDFS_FBK")
    mr_files.write_fastmri(tmp_path, "3", patient="b", coils=4, test=True)
    assert main(["data", "fastmri", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "2 patients; PD can guide FS-PD in 1." in told and "nothing is wrong" in told
    assert "a: PD and FS-PD share one grid" in told
    (tmp_path / "4.h5").write_bytes((tmp_path / "1.h5").read_bytes()[:3000])
    assert main(["data", "fastmri", str(tmp_path)]) == 1
    assert "4.h5', file: cannot be read" in capsys.readouterr().out


def test_wrong_folders_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("ixi", "fastmri"):
        for folder in (tmp_path, tmp_path / "none"):
            assert main(["data", kind, str(folder)]) == 2
            assert capsys.readouterr().err.count("\n") == 1
