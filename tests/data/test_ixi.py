"""IXI: files written with nibabel come back oriented, split by person, and their displacement is measured."""

from pathlib import Path

import mr_files
import nibabel
import numpy as np
import pytest
import torch

from paperlens.data.alignment import onto, registration, same_grid
from paperlens.data.hostile import RefusedError
from paperlens.data.ixi_files import IXI, ixi
from paperlens.data.volumes import Subject, slices
from paperlens.errors import UserError


def person(tmp_path: Path, **options: object) -> IXI:
    return ixi(tmp_path, **options)[0]


def test_voxels_come_back_whatever_the_axes_of_the_file(tmp_path: Path) -> None:
    wanted = mr_files.head((8, 20, 18)).astype(np.int16).astype(np.float32)
    affine = np.diag([-0.9, -0.95, 1.2, 1.0])
    affine[:3, 3] = 80, 90, -30
    image = nibabel.Nifti1Image(wanted.T.astype(np.int16), affine)
    mr_files.write_ixi(tmp_path, "IXI002-Guys-0828-T2", wanted.T, affine)
    turn = nibabel.orientations.axcodes2ornt("PSR")  # sagittal, as the T1 scans of IXI
    turn = nibabel.orientations.ornt_transform(nibabel.orientations.axcodes2ornt("LPS"), turn)
    sagittal = image.as_reoriented(turn)
    nibabel.save(sagittal, tmp_path / "IXI002-Guys-0828-T1.nii.gz")
    assert sagittal.shape == (20, 8, 18)
    for contrast in ("T1", "T2"):
        volume = person(tmp_path).volume(contrast)
        assert torch.equal(volume.voxels, torch.from_numpy(wanted))
        torch.testing.assert_close(volume.affine, torch.from_numpy(affine))
        assert volume.voxel_mm == pytest.approx((1.2, 0.95, 0.9))


def test_people_are_found_by_name_and_split_by_name(tmp_path: Path) -> None:
    for number in range(20):
        for contrast in ("T1", "PD"):
            (tmp_path / f"IXI{number:03d}-HH-1{number:03d}-{contrast}.nii.gz").touch()
    (tmp_path / "IXI002-HH-1002-MRA.nii.gz").touch()
    people = ixi(tmp_path)
    assert len(people) == 20 and people[0].contrasts == ("T1", "PD") and people[0].field == 3.0
    train, test = ({p.name for p in ixi(tmp_path, split)} for split in ("train", "test"))
    assert train and test and not train & test and len(train | test) == 20
    assert isinstance(people[0], Subject)
    assert ixi(tmp_path, grid="T2") == []


def test_scale_of_the_header_is_applied(tmp_path: Path) -> None:
    mr_files.write_ixi(tmp_path, scl_slope=0.5, scl_inter=3)
    plain = mr_files.head((8, 20, 18)).astype(np.int16)
    np.testing.assert_allclose(person(tmp_path).volume("T2").voxels.numpy(), plain * 0.5 + 3)


def test_contrasts_on_other_grids_are_measured_and_brought_together(tmp_path: Path) -> None:
    mr_files.write_ixi(tmp_path, voxels=mr_files.head((8, 60, 48)).T, affine=np.diag([-1, -1, 2.0, 1]))
    moved = 1200 - mr_files.head((8, 60, 48), (3, -2))  # another contrast, 3 rows down and 2 columns left
    shifted = np.diag([-1, -1, 2.0, 1])
    shifted[0, 3] = -4  # the file's affine says: 4 mm to the left, four columns
    mr_files.write_ixi(tmp_path, "IXI002-Guys-0828-T1", moved.T, shifted)
    target, guide = person(tmp_path).volume("T2"), person(tmp_path).volume("T1")
    measured = registration(target, guide)
    assert not measured.same_grid and "different grids" in measured.sentence
    assert measured.shift_mm == pytest.approx((3, 2), abs=0.3)
    assert measured.best > measured.correlation
    with pytest.raises(ValueError, match="different grids"):
        slices([person(tmp_path)], "T2", guide="T1")
    together = person(tmp_path, grid="T2")
    assert same_grid(target, together.volume("T1"))
    moved_by_four = onto(guide, target).voxels[:, :, 4:]
    torch.testing.assert_close(moved_by_four, guide.voxels[:, :, :-4], atol=0.01, rtol=0)
    rows = slices([together], "T2", guide="T1", planes=[3, 4])
    assert rows[0]["guide"].shape == rows[0]["image"].shape == (60, 48)
    assert rows[0]["source"] == "IXI" and rows[1]["plane"] == 4


def test_a_pair_that_lies_right_is_told_so(tmp_path: Path) -> None:
    mr_files.write_ixi(tmp_path, voxels=mr_files.head((4, 60, 48)).T)
    mr_files.write_ixi(tmp_path, "IXI002-Guys-0828-PD", (1200 - mr_files.head((4, 60, 48))).T)
    measured = registration(person(tmp_path).volume("T2"), person(tmp_path).volume("PD"))
    assert measured.same_grid and measured.shift_mm == pytest.approx((0, 0), abs=0.1)


def test_wrong_requests_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        ixi(tmp_path / "none")
    with pytest.raises(UserError, match="called like"):
        ixi(tmp_path)
    mr_files.write_ixi(tmp_path)
    with pytest.raises(ValueError, match="no contrast 'T1'"):
        person(tmp_path).volume("T1")
    (tmp_path / "twice").mkdir()
    mr_files.write_ixi(tmp_path / "twice")
    with pytest.raises(UserError, match="twice"):
        ixi(tmp_path)


BROKEN = {
    "dim": {"dim": [4, 18, 20, 8, 3, 1, 1, 1]},
    "voxels": {"dim": [3, 18, 20, 9, 1, 1, 1, 1]},
    "datatype": {"datatype": 128, "bitpix": 24},
    "bitpix": {"bitpix": 8},
    "magic": {"magic": b"ni1"},
    "pixdim": {"pixdim": [1, np.nan, 1, 1, 0, 0, 0, 0]},
    "xyzt_units": {"xyzt_units": 1},
    "sform_code": {"sform_code": 0, "qform_code": 0},
    "srow": {"srow_x": [np.inf, 0, 0, 0]},
    "vox_offset": {"vox_offset": 12.0},
}


@pytest.mark.parametrize("field", BROKEN)
def test_a_wrong_field_is_named(field: str, tmp_path: Path) -> None:
    mr_files.write_ixi(tmp_path, **BROKEN[field])
    with pytest.raises(RefusedError, match=rf"IXI002-Guys-0828-T2.nii.gz', {field}: ") as refused:
        person(tmp_path).volume("T2")
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("voxels", "reason"),
    [
        (np.full((18, 20, 8), -500), "no MR magnitude"),
        (np.zeros((18, 20, 8)), "zeros"),
        (np.arange(18 * 20 * 8).reshape(18, 20, 8) % 4, "labels"),
    ],
)
def test_values_that_no_scanner_gives_are_refused(voxels: np.ndarray, reason: str, tmp_path: Path) -> None:
    mr_files.write_ixi(tmp_path, voxels=voxels)
    with pytest.raises(RefusedError, match=reason):
        person(tmp_path).volume("T2")


def test_values_that_are_not_numbers_are_counted(tmp_path: Path) -> None:
    voxels = mr_files.head((8, 20, 18)).T.copy()
    voxels[3, 4, 5], voxels[6, 7, 2] = np.nan, np.inf
    nibabel.save(
        nibabel.Nifti1Image(voxels, np.diag([-1, -1, 1.0, 1])), tmp_path / "IXI002-Guys-0828-T2.nii.gz"
    )
    with pytest.raises(RefusedError, match="2 of 2880"):
        person(tmp_path).volume("T2")
