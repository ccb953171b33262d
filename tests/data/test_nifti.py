"""A folder of one's own: BIDS, names alone or a table; one person on one side; registration that is known."""

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from mr_files import head

from paperlens.cli import main
from paperlens.data.alignment import onto, registration, resampled
from paperlens.data.hostile import RefusedError
from paperlens.data.nifti_files import nifti, read
from paperlens.data.rigid import Rigid, rigid
from paperlens.data.volumes import Subject, Volume, slices
from paperlens.errors import UserError

REAL = Path(__file__).parents[2].parent / "shared" / "real"
AFFINE = np.diag([-0.9375, -0.9375, 1.25, 1.0])


def write(
    file: Path, dtype: type = np.int16, kind: type = nibabel.Nifti1Image, voxels: np.ndarray | None = None
) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    image = kind((head((8, 20, 18)).T if voxels is None else voxels).astype(dtype), AFFINE, dtype=dtype)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, file)
    return file


def test_bids_with_and_without_sessions(tmp_path):
    for name in ("sub-01/anat/sub-01_T1w", "sub-01/anat/sub-01_FLAIR", "sub-02/ses-a/anat/sub-02_ses-a_T2w"):
        write(tmp_path / f"{name}.nii.gz")
    write(tmp_path / "sub-02/ses-b/anat/sub-02_ses-b_PDw.nii")
    write(tmp_path / "sub-01/func/sub-01_task-rest_T2w.nii.gz")  # not anatomy
    write(tmp_path / "derivatives/tool/sub-01/anat/sub-01_T2w.nii.gz")
    write(tmp_path / "sub-01/anat/sub-01_dwi.nii.gz")
    found = nifti(tmp_path)
    assert [(one.name, one.contrasts) for one in found] == [
        ("sub-01", ("FLAIR", "T1")),
        ("sub-02/ses-a", ("T2",)),
        ("sub-02/ses-b", ("PD",)),
    ]
    assert all(isinstance(one, Subject) for one in found)
    assert found[1].split == found[2].split, "two visits of one person are on one side"
    volume = found[0].volume("T1")
    np.testing.assert_array_equal(volume.voxels.numpy(), head((8, 20, 18)).astype(np.int16))
    assert volume.voxel_mm == (1.25, 0.9375, 0.9375)


def test_the_first_of_several_runs_is_taken_and_the_rest_is_told(tmp_path, capsys):
    for run in (2, 1):
        write(tmp_path / f"sub-01/anat/sub-01_run-{run}_T1w.nii.gz")
    (one,) = nifti(tmp_path)
    assert one.files["T1"].name == "sub-01_run-1_T1w.nii.gz"
    assert [f.name for f in one.others] == ["sub-01_run-2_T1w.nii.gz"]
    assert main(["data", "nifti", str(tmp_path)]) == 0
    assert "sub-01_run-2_T1w.nii.gz is a further run" in capsys.readouterr().out


def test_names_without_folders_and_a_table(tmp_path):
    write(tmp_path / "flat" / "anna_T1w.nii.gz")
    write(tmp_path / "flat" / "anna_PDw.nii.gz")
    assert [(one.name, one.contrasts) for one in nifti(tmp_path / "flat")] == [("anna", ("PD", "T1"))]
    write(tmp_path / "own" / "scans" / "x.nii.gz")
    write(tmp_path / "own" / "y.nii")
    table = tmp_path / "own" / "people.csv"
    table.write_text("subject,contrast,file\nbo,T2w,scans/x.nii.gz\nbo,swi,y.nii\n", encoding="utf-8")
    for place in (table.parent, table):
        (one,) = nifti(place)
        assert (one.name, one.contrasts, one.files["T2"]) == (
            "bo",
            ("T2", "swi"),
            tmp_path / "own/scans/x.nii.gz",
        )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("subject,contrast,file\nbo,T2,none.nii\n", "line 2: there is no NIfTI file"),
        ("subject,contrast,file\nbo,T2\n", "line 2: expected subject,contrast,file, found"),
        ("who,what\n", "found no volumes"),
    ],
)
def test_a_table_that_is_wrong(tmp_path, table, said):
    (tmp_path / "people.csv").write_text(table)
    with pytest.raises(UserError, match=said):
        nifti(tmp_path)


def test_wrong_words(tmp_path):
    with pytest.raises(UserError, match="there is no folder"):
        nifti(tmp_path / "nothing")
    write(tmp_path / "a_T1w.nii")
    with pytest.raises(UserError, match=r"nobody in .* has 'T2'; there are T1\."):
        nifti(tmp_path, grid="T2")
    with pytest.raises(ValueError, match="register=True needs grid"):
        nifti(tmp_path, register=True)


def test_rows_of_slices_on_one_grid(tmp_path):
    write(tmp_path / "a_T1w.nii")
    write(tmp_path / "a_T2w.nii")
    rows = slices(nifti(tmp_path, grid="T2"), "T2", guide="T1")
    assert len(rows) == 8 and rows[0]["source"] == "NIfTI" and rows[0]["guide"].shape == (20, 18)


def test_whole_numbers_of_64_bits_are_read(tmp_path):
    file = write(tmp_path / "a_T1w.nii.gz", np.int64)
    np.testing.assert_array_equal(read(file)[0].numpy(), head((8, 20, 18)).astype(np.int64))


def test_nifti_2_is_named_as_what_it_is(tmp_path):
    file = write(tmp_path / "a_T1w.nii.gz", kind=nibabel.Nifti2Image)
    with pytest.raises(RefusedError, match="sizeof_hdr: this is a NIfTI-2 file; expected NIfTI-1"):
        read(file)


def test_what_macos_lays_beside_a_file_is_no_file(tmp_path):
    write(tmp_path / "a_T1w.nii.gz")
    (tmp_path / "._a_T1w.nii.gz").write_bytes(b"\x00\x05\x16\x07 resource fork")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "b_T1w.nii.gz").write_bytes(b"resource fork")
    assert [one.name for one in nifti(tmp_path)] == ["a"]


def body(size: int = 40) -> Volume:
    """An uneven head with three holes, no two alike, 2 mm voxels."""
    z, y, x = torch.meshgrid(*(torch.linspace(-1, 1, size),) * 3, indexing="ij")
    inside = ((z / 0.8) ** 2 + (y / 0.7) ** 2 + (x / 0.5) ** 2).sqrt()
    bright = 100 * torch.sigmoid((1 - inside) * 12)
    for depth, (cz, cy, cx) in ((60, (0.2, -0.3, 0.1)), (40, (-0.35, 0.3, -0.15)), (50, (0.45, 0.25, 0.0))):
        away = ((z - cz) ** 2 + (y - cy) ** 2 + (x - cx) ** 2).sqrt()
        bright = bright - depth * torch.sigmoid((0.2 - away) * 30)
    affine = torch.diag(torch.tensor([-2.0, -2.0, 2.0, 1.0], dtype=torch.float64))
    affine[:3, 3] = torch.tensor([size, size, -size], dtype=torch.float64)
    return Volume(
        subject="s", contrast="A", voxels=bright.clamp_min(0), affine=affine, source="x", split="test"
    )


def test_a_known_motion_is_found_and_kept(tmp_path, monkeypatch):
    """A volume moved by (0.1, 0.03, -0.05) rad and (3, -2, 4) mm comes back, brightest where the other is not."""
    monkeypatch.setenv("PAPERLENS_CACHE", str(tmp_path))
    still = body()
    known = Rigid(turns=(0.1, 0.03, -0.05), shift_mm=(3.0, -2.0, 4.0), centre_mm=(0.0, 0.0, 0.0))
    moved = resampled(still, still, torch.linalg.inv(known.matrix))
    moved = replace(moved, contrast="B", voxels=moved.voxels * (140 - moved.voxels) / 100)
    found = rigid(moved, still)
    corners = torch.tensor([[x, y, z, 1.0] for x in (-25, 25) for y in (-30, 30) for z in (-30, 30)]).double()
    error = (corners @ (found.matrix - known.matrix).T).norm(dim=1)
    assert error.max() < 0.7, "a third of a voxel at the corners of the head"
    assert list((tmp_path / "rigid").glob("*.npy"))
    monkeypatch.setattr("paperlens.data.rigid._found", lambda *_: pytest.fail("the cache was not read"))
    told = registration(still, moved, register=True)
    assert told.rigid == found
    assert told.registered is not None and told.registered > told.correlation + 0.04
    assert "degrees about the axes left, back, head" in told.sentence and "before," in told.sentence
    laid = onto(moved, still, register=True)
    assert torch.equal(laid.voxels, resampled(moved, still, found.matrix).voxels)


@pytest.mark.skipif(
    not REAL.is_dir(), reason="one real person's scans (CC BY-NC) lie beside the checkout only"
)
def test_the_real_person_is_laid_on_itself(tmp_path, monkeypatch):
    """The two lie 9 degrees and 11 mm apart; registered, their edges correlate four times as much."""
    monkeypatch.setenv("PAPERLENS_CACHE", str(tmp_path))
    (one,) = nifti(REAL)
    told = registration(one.volume("PD"), one.volume("T1"), register=True)
    assert told.rigid is not None and told.registered is not None
    assert told.rigid.turns == pytest.approx((-0.155, 0.007, 0.022), abs=0.01)
    assert told.rigid.shift_mm == pytest.approx((0.6, 1.7, -10.9), abs=0.5)
    assert told.correlation < 0.15
    assert told.registered > 0.35
