"""fastMRI: files with the published keys come back whole, paired by patient, with the units of their header."""

from pathlib import Path

import h5py
import mr_files
import numpy as np
import pytest
import torch

from paperlens.data.fastmri_files import fastmri
from paperlens.data.hostile import RefusedError
from paperlens.data.volumes import Measured, slices
from paperlens.errors import UserError
from paperlens.ops.fourier import ifft2c


@pytest.mark.parametrize("coils", [None, 3])
@pytest.mark.parametrize("brain", [False, True])
def test_the_picture_is_that_of_the_kspace(coils: int | None, brain: bool, tmp_path: Path) -> None:
    mr_files.write_fastmri(tmp_path, coils=coils, brain=brain, acquisition="AXT2" if brain else "CORPD_FBK")
    (patient,) = fastmri(tmp_path)
    contrast = "T2" if brain else "PD"
    volume, kspace = patient.volume(contrast), patient.kspace(contrast)
    assert kspace.shape == (3, coils or 1, 48, 28) and kspace.dtype == torch.complex64
    again = ifft2c(kspace).abs().square().sum(1).sqrt()[:, 12:36, 2:26]
    torch.testing.assert_close(volume.voxels, again, atol=1e-9, rtol=1e-4)
    assert volume.voxel_mm == pytest.approx((4.5, 140 / 24, 140 / 24))
    assert isinstance(patient, Measured) and patient.scans[0].coils == (coils or 1)


def test_without_reconstruction_it_is_computed(tmp_path: Path) -> None:
    path = mr_files.write_fastmri(tmp_path, coils=2)
    stored = fastmri(tmp_path)[0].volume("PD").voxels
    with h5py.File(path, "a") as file:
        del file["reconstruction_rss"]
    torch.testing.assert_close(fastmri(tmp_path)[0].volume("PD").voxels, stored, atol=1e-9, rtol=1e-4)


def test_single_coil_files_give_the_emulated_picture(tmp_path: Path) -> None:
    path = mr_files.write_fastmri(tmp_path)
    with h5py.File(path, "a") as file:
        file["reconstruction_rss"][...] *= 2
        wanted = file["reconstruction_esc"][...]
    assert np.array_equal(fastmri(tmp_path)[0].volume("PD").voxels.numpy(), wanted)


def test_pd_guides_fs_pd_of_the_same_patient(tmp_path: Path) -> None:
    dim = mr_files.head((3, 24, 24)) * 3e-7
    mr_files.write_fastmri(tmp_path, "file1", acquisition="CORPD_FBK", patient="a")
    mr_files.write_fastmri(tmp_path, "file2", acquisition="CORPDFS_FBK", patient="a", picture=dim)
    mr_files.write_fastmri(tmp_path, "file3", acquisition="CORPD_FBK", patient="b")
    both, alone = fastmri(tmp_path)
    assert both.contrasts == ("PD", "FS-PD") and alone.contrasts == ("PD",)
    rows = slices([both], "FS-PD", guide="PD")
    assert len(rows) == 3 and rows[0]["subject"] == "a" and rows[0]["source"] == "fastMRI"
    assert rows[1]["maximum"] == pytest.approx(float(dim.max()), rel=1e-6)
    assert float(rows[1]["guide"].max()) <= 1
    with pytest.raises(ValueError, match="no contrast 'FS-PD'"):
        alone.volume("FS-PD")


def test_a_contrast_scanned_twice_is_not_paired(tmp_path: Path) -> None:
    for number, acquisition in enumerate(("CORPD_FBK", "CORPD_FBK", "CORPDFS_FBK")):
        mr_files.write_fastmri(tmp_path, f"file{number}", acquisition=acquisition, patient="a")
    assert [p.name for p in fastmri(tmp_path)] == ["a/file0", "a/file1", "a/file2"]


def test_the_split_is_the_folders_and_never_parts_a_patient(tmp_path: Path) -> None:
    for folder in ("multicoil_train", "multicoil_val"):
        (tmp_path / folder).mkdir()
    mr_files.write_fastmri(tmp_path / "multicoil_train", "1", patient="a")
    mr_files.write_fastmri(tmp_path / "multicoil_val", "2", patient="a", acquisition="CORPDFS_FBK")
    mr_files.write_fastmri(tmp_path / "multicoil_val", "3", patient="b")
    assert {p.name: p.split for p in fastmri(tmp_path)} == {"a": "train", "b": "test"}
    assert [p.name for p in fastmri(tmp_path, "test")] == ["b"]


def test_a_test_file_has_kspace_and_no_picture(tmp_path: Path) -> None:
    mr_files.write_fastmri(tmp_path, test=True)
    (patient,) = fastmri(tmp_path)
    assert patient.kspace("PD").shape == (3, 1, 48, 28)
    with pytest.raises(RefusedError, match=r"mask: .*undersampled"):
        patient.volume("PD")


def test_a_folder_without_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"ends in \.h5"):
        fastmri(tmp_path)
    with pytest.raises(UserError, match="no folder"):
        fastmri(tmp_path / "none")


def replaced(file: h5py.File, name: str, value: object) -> None:
    del file[name]
    file[name] = value


WRONG = {
    "kspace": lambda f: f.move("kspace", "other"),
    "reconstruction_rss": lambda f: replaced(f, "reconstruction_rss", np.ones((4, 24, 24), np.float32)),
    "reconstruction_esc": lambda f: replaced(f, "reconstruction_esc", np.ones((3, 24), np.float32)),
    "ismrmrd_header": lambda f: replaced(f, "ismrmrd_header", np.bytes_("<ismrmrdHeader/>")),
    "acquisition": lambda f: f.attrs.modify("acquisition", "CT_HEAD"),
    "patient_id": lambda f: f.attrs.__delitem__("patient_id"),
    "max": lambda f: f.attrs.modify("max", np.nan),
    "norm": lambda f: f.attrs.__setitem__("norm", "large"),
}


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_field_is_named(field: str, tmp_path: Path) -> None:
    with h5py.File(mr_files.write_fastmri(tmp_path), "a") as file:
        WRONG[field](file)
    with pytest.raises(RefusedError, match=rf"file1000001.h5', {field}: ") as refused:
        fastmri(tmp_path)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("kspace", np.complex64(np.nan), "1 of 4032 that are NaN"),
        ("reconstruction_esc", np.float32(np.inf), "1 of 1728"),
        ("reconstruction_esc", np.float32(-1), "no MR magnitude"),
    ],
)
def test_a_value_that_cannot_be_is_counted(name: str, value: complex, reason: str, tmp_path: Path) -> None:
    with h5py.File(mr_files.write_fastmri(tmp_path), "a") as file:
        file[name][1, 2, 3] = value
    (patient,) = fastmri(tmp_path)
    with pytest.raises(RefusedError, match=rf"{name}: .*{reason}"):
        patient.kspace("PD") if name == "kspace" else patient.volume("PD")


def test_data_kept_elsewhere_are_refused(tmp_path: Path) -> None:
    mr_files.write_fastmri(tmp_path, "other")
    path = mr_files.write_fastmri(tmp_path, "linked")
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(3 * 24 * 24 * 4))
    with h5py.File(path, "a") as file:
        replaced(file, "reconstruction_rss", h5py.ExternalLink("other.h5", "reconstruction_rss"))
    with pytest.raises(RefusedError, match="reconstruction_rss: is a link"):
        fastmri(tmp_path)
    with h5py.File(path, "a") as file:
        del file["reconstruction_rss"]
        file.create_dataset(
            "reconstruction_rss", (3, 24, 24), np.float32, external=[(str(secret), 0, h5py.h5f.UNLIMITED)]
        )
    with pytest.raises(RefusedError, match="reconstruction_rss: keeps its data in another file"):
        fastmri(tmp_path)


def test_voxels_of_a_header_that_is_not_square(tmp_path: Path) -> None:
    """x is the readout, along the rows of the array: rows 160 mm / 32, columns 200 mm / 20."""
    path = mr_files.write_fastmri(tmp_path, test=True)
    with h5py.File(path, "a") as file:
        del file["kspace"], file["mask"], file["ismrmrd_header"]
        rng = np.random.default_rng(0)
        file["kspace"] = (rng.normal(size=(2, 4, 64, 24)) + 1j * rng.normal(size=(2, 4, 64, 24))).astype(
            np.complex64
        )
        space = "<x>24</x><y>24</y><z>1</z></matrixSize>\n<fieldOfView_mm><x>140</x><y>140</y>"
        other = "<x>32</x><y>20</y><z>1</z></matrixSize>\n<fieldOfView_mm><x>160</x><y>200</y>"
        assert space in mr_files.HEADER
        file["ismrmrd_header"] = np.bytes_(mr_files.HEADER.replace(space, other))
        file.attrs["max"] = file.attrs["norm"] = 1.0
    volume = fastmri(tmp_path)[0].volume("PD")
    assert volume.voxels.shape == (2, 32, 20)
    assert volume.voxel_mm == (4.5, 5.0, 10.0)


def test_what_macos_lays_beside_a_file_is_no_file(tmp_path: Path) -> None:
    path = mr_files.write_fastmri(tmp_path)
    (tmp_path / f"._{path.name}").write_bytes(b"\x00\x05\x16\x07 resource fork")
    assert len(fastmri(tmp_path)) == 1
