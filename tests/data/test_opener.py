"""Each thing that a file can have wrong is refused under its field, with what was expected and what was found."""

import gzip
from collections.abc import Callable
from pathlib import Path

import h5py
import mr_files
import numpy as np
import pytest

from paperlens.data.fastmri_files import fastmri
from paperlens.data.hostile import RefusedError, opener
from paperlens.data.ixi_files import ixi

AXES = [3, 18, 20, 8, 1, 1, 1, 1]  # of the file that mr_files writes
SHEARED = {"srow_x": [-0.9375, -0.9, 0, 0], "srow_y": [0, -0.26, 0, 0]}
# What is wrong -> header fields, the field that is named, words of the sentence.
NIFTI = {
    "another format's size": ({"sizeof_hdr": 540}, "sizeof_hdr", "this is a NIfTI-2 file"),
    "a side of 3": (
        {"dim": [3, 18, 20, 3, 1, 1, 1, 1]},
        "dim",
        r"4 to 2048 voxels a side, found \[18, 20, 3\]",
    ),
    "a side of 2049": ({"dim": [3, 2049, 20, 8, 1, 1, 1, 1]}, "dim", "4 to 2048 voxels a side"),
    "too many voxels": ({"dim": [3, 2048, 2048, 17, 1, 1, 1, 1]}, "dim", "at most 67108864 voxels"),
    "two volumes": ({"dim": [4, 18, 20, 4, 2, 1, 1, 1]}, "dim", "one volume of 3 axes, found 4 axes"),
    "a plane": ({"dim": [2, 18, 20, 8, 1, 1, 1, 1]}, "dim", "one volume of 3 axes, found 2 axes"),
    "voxels of 10 um": ({"pixdim": [1, 0.01, 1, 1.25, 0, 0, 0, 0]}, "pixdim", "0.05 to 50 mm"),
    "voxels of 60 mm": ({"pixdim": [1, 0.9375, 60, 1.25, 0, 0, 0, 0]}, "pixdim", "0.05 to 50 mm"),
    "metres": ({"xyzt_units": 1}, "xyzt_units", r"expected 2 \(millimetres\), found 1"),
    "far away": ({"srow_x": [-0.9375, 0, 0, 2e5]}, "srow", "within 100 m"),
    "two voxel sizes": ({"srow_x": [-1.5, 0, 0, 0]}, "srow", "contradict pixdim"),
    "slanted axes": (SHEARED, "srow", "nearly perpendicular"),
    "no quaternion": ({"sform_code": 0, "qform_code": 1, "quatern_b": np.nan}, "quatern", "quatern: "),
    "bytes left over": ({"dim": [3, 18, 20, 7, 1, 1, 1, 1]}, "voxels", "more bytes than dim"),
    "colours": ({"datatype": 128, "bitpix": 24}, "datatype", "expected real numbers"),
    "half of the bits": ({"bitpix": 8}, "bitpix", "expected 16 for int16, found 8"),
    "voxels in the header": ({"vox_offset": 300.0}, "vox_offset", "352 or a little more, found 300"),
    "voxels far behind": ({"vox_offset": 2.0**21}, "vox_offset", "352 or a little more"),
}


@pytest.mark.parametrize("wrong", NIFTI)
def test_nifti(wrong: str, tmp_path: Path) -> None:
    fields, field, words = NIFTI[wrong]
    path = mr_files.write_ixi(tmp_path, **fields)
    with pytest.raises(RefusedError, match=words) as refused:
        opener().ask(path, "nifti", "voxels")
    assert refused.value.field == field


def test_a_nifti_that_ends_in_its_header(tmp_path: Path) -> None:
    path = mr_files.write_ixi(tmp_path)
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:100]))
    with pytest.raises(RefusedError, match="header: expected 348 bytes, found 100"):
        opener().ask(path, "nifti")


def test_a_fourth_axis_of_one_is_no_second_volume(tmp_path: Path) -> None:
    path = mr_files.write_ixi(tmp_path, dim=[4, *AXES[1:]])
    assert opener().ask(path, "nifti").facts["shape"] == [8, 20, 18]


def replaced(file: h5py.File, name: str, value: object) -> None:
    del file[name]
    file[name] = value


def huge(file: h5py.File) -> None:
    """Announced, chunked and never written: 21 GB in a file of some kB."""
    del file["kspace"]
    file.create_dataset("kspace", (40, 16, 2048, 2048), np.complex64, chunks=(1, 1, 64, 64))


def elsewhere(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3, 24, 24), np.float32)
    layout[:] = h5py.VirtualSource("other.h5", "reconstruction_rss", (3, 24, 24))
    del file["reconstruction_rss"]
    file.create_virtual_dataset("reconstruction_rss", layout)


def group(file: h5py.File) -> None:
    del file["kspace"]
    file.create_group("kspace")


def header(old: str, new: str) -> Callable[[h5py.File], None]:
    return lambda f: replaced(f, "ismrmrd_header", np.bytes_(mr_files.HEADER.replace(old, new)))


def attribute(name: str, value: object) -> Callable[[h5py.File], None]:
    return lambda f: f.attrs.__setitem__(name, value)


HDF5: dict[str, tuple[Callable[[h5py.File], object], str, str]] = {
    "a group": (group, "kspace", "is a group"),
    "double precision": (
        lambda f: replaced(f, "kspace", np.ones((3, 48, 28), np.complex128)),
        "kspace",
        "expected complex64, found complex128",
    ),
    "one plane without its axis": (
        lambda f: replaced(f, "kspace", np.ones((48, 28), np.complex64)),
        "kspace",
        r"expected 3 or 4 axes, found shape \(48, 28\)",
    ),
    "planes of 3 rows": (
        lambda f: replaced(f, "kspace", np.ones((3, 3, 28), np.complex64)),
        "kspace",
        "planes of at least 4 x 4",
    ),
    "2049 columns": (
        lambda f: replaced(f, "kspace", np.ones((3, 4, 2049), np.complex64)),
        "kspace",
        "1 to 2048 a side",
    ),
    "more than memory": (huge, "kspace", "at most 4294967296 bytes"),
    "a plane more": (
        lambda f: replaced(f, "reconstruction_rss", np.ones((4, 24, 24), np.float32)),
        "reconstruction_rss",
        "expected 3 planes as in kspace, found 4",
    ),
    "data of another file": (elsewhere, "reconstruction_rss", "in another file"),
    "a maximum of 0": (attribute("max", 0.0), "max", "above 0, found 0"),
    "an infinite norm": (attribute("norm", np.inf), "norm", "above 0, found inf"),
    "two maxima": (attribute("max", np.ones(2)), "max", "expected one number"),
    "a patient's life": (attribute("patient_id", "x" * 201), "patient_id", "1 to 200 letters"),
    "a patient in two lines": (attribute("patient_id", "a\nb"), "patient_id", "printable"),
    "a numbered patient": (attribute("patient_id", 7), "patient_id", "expected a text, found int"),
    "no field of view": (
        header("<x>140</x>", "<x>0</x>"),
        "ismrmrd_header",
        "fieldOfView_mm: expected 0 to 2000",
    ),
    "a matrix of 2049": (
        header("<x>24</x>", "<x>2049</x>"),
        "ismrmrd_header",
        "matrixSize: expected 0 to 2048",
    ),
    "an entity": (header("<encoding>", "<encoding><!ENTITY a 'b'>"), "ismrmrd_header", "plain, short XML"),
}


@pytest.mark.parametrize("wrong", HDF5)
def test_hdf5(wrong: str, tmp_path: Path) -> None:
    change, field, words = HDF5[wrong]
    with h5py.File(mr_files.write_fastmri(tmp_path), "a") as file:
        change(file)
    with pytest.raises(RefusedError, match=words) as refused:
        fastmri(tmp_path)
    assert refused.value.field == field


def test_what_is_no_hdf5(tmp_path: Path) -> None:
    (tmp_path / "file1.h5").write_bytes(b"\x89HDF\r\n\x1a" + bytes(600))
    with pytest.raises(RefusedError, match="file: expected the HDF5 signature"):
        fastmri(tmp_path)


def test_rows_and_columns_of_a_voxel_are_not_confused(tmp_path: Path) -> None:
    with h5py.File(mr_files.write_fastmri(tmp_path), "a") as file:
        header("<x>140</x>", "<x>120</x>")(file)
    assert fastmri(tmp_path)[0].volume("PD").voxel_mm == pytest.approx((4.5, 120 / 24, 140 / 24))


def test_every_acquisition_has_its_contrast(tmp_path: Path) -> None:
    known = {
        "CORPD_FBK": "PD",
        "CORPDFS_FBK": "FS-PD",
        "AXT1": "T1",
        "AXT1PRE": "T1",
        "AXT1POST": "T1-POST",
        "AXT2": "T2",
        "AXFLAIR": "FLAIR",
    }
    for acquisition in known:
        mr_files.write_fastmri(tmp_path, acquisition, acquisition=acquisition, patient=acquisition)
    assert {p.name: p.contrasts for p in fastmri(tmp_path)} == {a: (c,) for a, c in known.items()}


def test_the_hospital_says_the_field(tmp_path: Path) -> None:
    for name in ("IXI002-Guys-0828", "IXI012-HH-1211", "IXI035-IOP-0873"):
        (tmp_path / f"{name}-T2.nii.gz").touch()
    assert [p.field for p in ixi(tmp_path)] == [1.5, 3.0, 1.5]
