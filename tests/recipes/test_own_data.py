"""Recipes on a folder of one's own: files are read, split and scored; what cannot be used is refused."""

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from paperlens import cli
from paperlens.data.fastmri_files import fastmri
from paperlens.data.nifti_files import nifti
from paperlens.recipes import find
from paperlens.recipes.engine.recipe import Own, on_own
from paperlens.recipes.engine.super_resolution import half
from paperlens.recipes.mri_contrast.slices import made, of_folder, real_person
from paperlens.train.profiles import Profile

SMOKE = Profile("smoke")


def write_people(folder: Path, people: list[str], contrasts: tuple[str, ...] = ("T1w", "T2w")) -> None:
    """Small heads in the same place; a contrast is another curve of brightness."""
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in (12, 44, 40)), indexing="ij")
    for number, name in enumerate(people):
        inside = 1 / (
            1 + np.exp(20 * ((z / 1.3) ** 2 + (y / 0.8) ** 2 + (x / (0.6 + 0.02 * number)) ** 2 - 1))
        )
        hole = np.exp(-8 * ((y - 0.2) ** 2 + (x + 0.1) ** 2 + (z - 0.1) ** 2))
        for contrast in contrasts:
            power = {"T1w": 1.0, "T2w": 2.0, "PDw": 0.5}[contrast]
            voxels = 200 * (inside * (1 - 0.7 * hole)) ** power
            image = nibabel.Nifti1Image(voxels.T.astype(np.float32), np.diag([-2.0, -2.0, 3.0, 1.0]))
            image.header.set_xyzt_units("mm")
            nibabel.save(image, folder / f"{name}_{contrast}.nii.gz")


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("PAPERLENS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.mark.parametrize("recipe", ["mri_guided", "mri_unguided", "contrast_map"])
def test_every_mri_recipe_takes_a_folder_and_is_scored_on_its_people(
    recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_people(tmp_path, ["anna", "bo", "cleo"], ("T1w", "PDw"))
    out = tmp_path / "out"
    words = [
        "train",
        recipe,
        "--profile",
        "smoke",
        "--data",
        str(tmp_path),
        "--target",
        "PD",
        "--out",
        str(out),
    ]
    assert cli.main(words) == 0
    said = capsys.readouterr().out
    assert "Protocol: PD with T1 as guide, registered rigidly; people split by name" in said
    scored = set(json.loads((out / "result.json").read_text())["pictures"])
    assert scored and scored < {"anna", "bo", "cleo"}


def test_people_are_on_one_side_and_neither_side_is_empty(tmp_path: Path) -> None:
    write_people(tmp_path, ["anna", "bo"])
    people, told = of_folder(Own(folder=tmp_path))
    train, test = ([one.name for one in people(split, SMOKE)] for split in ("train", "test"))
    assert train and test and not set(train) & set(test)
    assert "people split by name" in told


def test_of_one_person_every_second_plane_tests_and_that_is_said(tmp_path: Path) -> None:
    write_people(tmp_path, ["anna"])
    people, told = of_folder(Own(folder=tmp_path))
    (train,), (test,) = (people(split, Profile("class")) for split in ("train", "test"))
    whole = nifti(tmp_path)[0].volume("T2").voxels
    shown = [z for z in range(len(whole)) if whole[z].max() > 0.1 * whole.max()]
    expected = made("anna", whole[shown[0::2]], whole[shown[0::2]]).target
    assert (train.target == expected).all()
    assert len(train.target) + len(test.target) == len(shown)
    assert "of one person every second plane tests: no new person" in told


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--target", "FLAIR"], "nobody in .* has 'FLAIR'; there are T1, T2"),
        (["--guide", "PD"], "nobody in .* has both T2 and PD; choose --target and --guide from T1, T2"),
    ],
)
def test_a_contrast_that_nobody_has(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import re

    write_people(tmp_path, ["anna"])
    assert cli.main(["train", "mri_guided", "--profile", "smoke", "--data", str(tmp_path), *options]) == 2
    assert re.search(said, capsys.readouterr().err)


def test_what_a_recipe_cannot_use_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (
        (["features", "--data", str(tmp_path)], "features cannot use a folder"),
        (["swinir", "--data", str(tmp_path / "no")], "there is no folder"),
        (["swinir", "--data", str(tmp_path), "--target", "T2"], "swinir takes pictures"),
        (["mri_guided", "--target", "T2"], "name it with --data"),
        (["mri_guided", "--data", str(tmp_path)], "found no volumes in"),
        (["edsr", "--data", str(tmp_path)], "holds 0 pictures"),
    ):
        assert cli.main(["train", "--profile", "smoke", *words]) == 2
        assert said in capsys.readouterr().err


def test_fastmri_guides_fs_pd_by_pd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "data"))
    import mr_files

    for number, patient in enumerate(("a", "b")):
        for kind in ("CORPD_FBK", "CORPDFS_FBK"):
            mr_files.write_fastmri(tmp_path, f"file{number}{kind}", acquisition=kind, patient=patient)
    assert len(fastmri(tmp_path)) == 2
    people, told = of_folder(Own(folder=tmp_path))
    assert told == "FS-PD with PD as guide, as they lie; people split by name"
    assert {one.name for split in ("train", "test") for one in people(split, SMOKE)} == {"a", "b"}


def test_a_folder_of_pictures_is_split_by_file_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    for name in "abcdefg":
        Image.fromarray(rng.integers(0, 256, (48, 40, 3), dtype=np.uint8)).save(tmp_path / f"{name}.png")
    (tmp_path / "more").mkdir()
    Image.new("RGB", (40, 40)).save(tmp_path / "more" / "h.jpg")
    train, test = (half(tmp_path, split) for split in ("train", "test"))
    assert train and test and len(train) + len(test) == 8 and not set(train) & set(test)
    out = tmp_path / "out"
    words = ["train", "edsr", "--profile", "smoke", "--data", str(tmp_path), "--out", str(out)]
    assert cli.main(words) == 0
    assert "split by file name" in capsys.readouterr().out
    scored = json.loads((out / "result.json").read_text())["pictures"]
    assert set(scored) == {f.relative_to(tmp_path).as_posix() for f in test}
    assert cli.main(["reproduce", "edsr", "--profile", "smoke", "--data", str(tmp_path)]) == 2
    assert "use paperlens train" in capsys.readouterr().err


def test_pictures_too_small_for_a_patch_are_told_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "abc":
        Image.new("RGB", (20, 20)).save(tmp_path / f"{name}.png")
    assert cli.main(["train", "edsr", "--profile", "smoke", "--data", str(tmp_path)]) == 2
    assert "a picture of 20 x 20" in capsys.readouterr().err


@pytest.mark.skipif(
    real_person() is None, reason="one real person's scans (CC BY-NC) lie beside the checkout only"
)
def test_the_real_person_and_the_phantom_in_one_table() -> None:
    recipe = find("phantom_real.real_guided")
    baseline = recipe.score(None, SMOKE)
    assert list(baseline)[-1] == "person" and 25 < baseline["person"]["psnr"] < 40
    again = on_own(recipe, Own(folder=real_person() or Path()))
    assert again.score(None, SMOKE)["person"] == baseline["person"]
