"""Small files in the exact formats of IXI and fastMRI, written with the libraries that read them elsewhere."""

import gzip
from pathlib import Path
from typing import Any

import h5py
import nibabel
import numpy as np

HEADER = """<?xml version="1.0" encoding="utf-8"?>
<ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><acquisitionSystemInformation>
<systemFieldStrength_T>2.8936</systemFieldStrength_T></acquisitionSystemInformation><encoding>
<encodedSpace><matrixSize><x>48</x><y>28</y><z>1</z></matrixSize>
<fieldOfView_mm><x>280</x><y>140</y><z>4.5</z></fieldOfView_mm></encodedSpace>
<reconSpace><matrixSize><x>24</x><y>24</y><z>1</z></matrixSize>
<fieldOfView_mm><x>140</x><y>140</y><z>4.5</z></fieldOfView_mm></reconSpace>
</encoding></ismrmrdHeader>"""


def head(shape: tuple[int, int, int], move: tuple[float, float] = (0, 0)) -> np.ndarray:
    """An ellipsoid with two holes, z h w, magnitudes 5 to 1000 with a little noise."""
    axes = [np.linspace(-1, 1, n) for n in shape]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    y, x = y - 2 * move[0] / (shape[1] - 1), x - 2 * move[1] / (shape[2] - 1)
    inside = (z / 1.2) ** 2 + (y / 0.8) ** 2 + (x / 0.6) ** 2 < 1
    hole = ((y - 0.2) ** 2 + (x + 0.2) ** 2 < 0.04) | ((y + 0.3) ** 2 + (x - 0.15) ** 2 < 0.02)
    noise = np.random.default_rng(0).random(shape) * 10
    return (10 + 800 * inside - 500 * (inside & hole) + noise).astype(np.float32)


def write_ixi(
    folder: Path,
    name: str = "IXI002-Guys-0828-T2",
    voxels: np.ndarray | None = None,
    affine: Any = None,
    **fields: Any,
) -> Path:
    """An int16 NIfTI of w h z voxels, LPS unless `affine` says otherwise; `fields`: header fields to set."""
    if voxels is None:
        voxels = head((8, 20, 18)).T
    if affine is None:
        affine = np.diag([-0.9375, -0.9375, 1.25, 1.0])
    image = nibabel.Nifti1Image(np.asarray(voxels, dtype=np.int16), affine)
    image.header.set_xyzt_units("mm")
    path = folder / f"{name}.nii.gz"
    if not fields:
        nibabel.save(image, path)
        return path
    content = bytearray(image.to_bytes())
    header = np.ndarray((), dtype=nibabel.Nifti1Header().structarr.dtype, buffer=content)
    for field, value in fields.items():
        header[field] = value
    path.write_bytes(gzip.compress(bytes(content), mtime=0))
    return path


def write_fastmri(
    folder: Path,
    name: str = "file1000001",
    *,
    coils: int | None = None,
    acquisition: str = "CORPD_FBK",
    patient: str = "patient-a",
    test: bool = False,
    picture: np.ndarray | None = None,
    brain: bool = False,
) -> Path:
    """K-space of 48 x 28 and, but for a test file, its 24 x 24 reconstruction; knee keys, or those of a brain."""
    full = np.zeros((3, 48, 28), dtype=np.complex64)
    picture = head((3, 24, 24)) * 1e-6 if picture is None else picture
    full[:, 12:36, 2:26] = picture
    weights = np.ones((1, 1, 28)) if coils is None else np.random.default_rng(1).random((coils, 1, 28)) + 0.2
    images = full[:, None] * weights.astype(np.complex64)
    kspace = np.fft.fftshift(
        np.fft.fft2(np.fft.ifftshift(images, axes=(-2, -1)), norm="ortho"), axes=(-2, -1)
    )
    seen = np.sqrt((np.abs(images) ** 2).sum(1))[:, 12:36, 2:26].astype(np.float32)
    path = folder / f"{name}.h5"
    with h5py.File(path, "w") as file:
        file["kspace"] = (kspace[:, 0] if coils is None else kspace).astype(np.complex64)
        file["ismrmrd_header"] = np.bytes_(HEADER)
        file.attrs["acquisition"], file.attrs["patient_id"] = acquisition, patient
        if test:
            file["mask"] = np.arange(28) % 4 == 0
        else:
            if coils is None and not brain:
                file["reconstruction_esc"] = seen
            file["reconstruction_rss"] = seen
            file.attrs["max"], file.attrs["norm"] = float(seen.max()), float(np.linalg.norm(seen))
    return path
