"""fastMRI: k-space and reconstructions of knees and brains, as HDF5 files in a folder of yours.

Zbontar et al., arXiv:1811.08839. Each file is one scan: `kspace` (planes[, coils], rows, columns) complex64,
`reconstruction_esc` (single coil) or `reconstruction_rss` (root sum of squares of the coils), `ismrmrd_header`
(XML), and attributes acquisition, patient_id, max and norm. The data is under NYU's agreement: nothing of it
may be passed on. `fastmri(folder)` pairs the scans of a patient, so PD can guide FS-PD:
`slices(fastmri(folder), "FS-PD", guide="PD")`.

The files do not say where a plane lies in the scanner. Planes, rows and columns are as stored (upside down for
display), and the affine holds voxel sizes alone: contrasts of a patient count as one grid where their
sizes agree. Whether they lie on each other, `paperlens.data.alignment` measures.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Complex
from torch import Tensor

from paperlens.data.hostile import RefusedError, below, finite, magnitudes, opener
from paperlens.data.volumes import Volume
from paperlens.errors import UserError
from paperlens.ops.fourier import ifft2c

ACQUISITIONS = {
    "CORPD_FBK": "PD",
    "CORPDFS_FBK": "FS-PD",
    "AXT1": "T1",
    "AXT1PRE": "T1",
    "AXT1POST": "T1-POST",  # after a contrast agent
    "AXT2": "T2",
    "AXFLAIR": "FLAIR",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One file, its header read and found sound."""

    path: Path
    facts: dict[str, Any]  # kspace and reconstruction_*: shapes; acquisition, patient_id, max, norm; ...

    @property
    def contrast(self) -> str:
        """Our name of the acquisition."""
        return ACQUISITIONS[self.facts["acquisition"]]

    @property
    def coils(self) -> int:
        """Number of receive channels."""
        shape = self.facts["kspace"]
        return 1 if len(shape) == 3 else int(shape[1])

    @property
    def target(self) -> str | None:
        """The data set with the picture: what the fastMRI baselines train on, or None in a test file."""
        wanted = ("reconstruction_esc", "reconstruction_rss")
        return next((n for n in (wanted if self.coils == 1 else wanted[::-1]) if n in self.facts), None)

    def kspace(self) -> Complex[Tensor, "z q h w"]:
        """Centred, orthonormal k-space of every plane and coil, as stored."""
        values = opener().ask(self.path, "fastmri", "kspace").array
        assert values is not None
        stored = torch.from_numpy(finite(self.path, "kspace", values))
        return stored[:, None] if stored.ndim == 3 else stored

    def volume(self, subject: str, split: str) -> Volume:
        """The stored reconstruction; where there is none, root sum of squares of the k-space, cropped."""
        if self.target is not None:
            values = opener().ask(self.path, "fastmri", self.target).array
            assert values is not None
            voxels = torch.from_numpy(magnitudes(self.path, self.target, values))
        elif self.facts["mask"]:
            raise RefusedError(
                self.path, "mask", "this test file holds undersampled k-space and no picture; use its kspace"
            )
        else:
            voxels = self._reconstruct()
        # The header's x is the readout, which lies along the rows of the array: x of the matrix counts rows.
        rows, columns, _ = (f / m for f, m in zip(self.facts["fov_mm"], self.facts["matrix"], strict=True))
        thickness = self.facts["fov_mm"][2]
        affine = torch.diag(torch.tensor([columns, rows, thickness, 1.0], dtype=torch.float64))
        return Volume(
            subject=subject,
            contrast=self.contrast,
            voxels=voxels,
            affine=affine,
            source="fastMRI",
            split=split,
        )

    def _reconstruct(self) -> Tensor:
        kspace = self.kspace()
        wanted = [int(n) for n in self.facts["matrix"][:2]]
        h, w = (min(m, n) for m, n in zip(wanted, kspace.shape[-2:], strict=True))
        top, left = (kspace.shape[-2] - h) // 2, (kspace.shape[-1] - w) // 2
        planes = [ifft2c(plane)[:, top : top + h, left : left + w] for plane in kspace]
        return torch.stack([plane.abs().square().sum(0).sqrt() for plane in planes])


@dataclass(frozen=True, slots=True, kw_only=True)
class FastMRI:
    """One patient, a `volumes.Measured` subject; numbers are read when they are asked for."""

    name: str
    split: str
    scans: tuple[Scan, ...]
    source: str = "fastMRI"

    @property
    def contrasts(self) -> tuple[str, ...]:
        """One a scan."""
        return tuple(s.contrast for s in self.scans)

    def volume(self, contrast: str) -> Volume:
        """Magnitude in the file's units; RefusedError, naming file and field, where there is none."""
        return self._scan(contrast).volume(self.name, self.split)

    def kspace(self, contrast: str) -> Complex[Tensor, "z q h w"]:
        """Centred, orthonormal k-space of each plane and coil; undersampled in a test file."""
        return self._scan(contrast).kspace()

    def _scan(self, contrast: str) -> Scan:
        if contrast not in self.contrasts:
            raise ValueError(f"{self.name} has no contrast {contrast!r}; it has {self.contrasts}")
        return self.scans[self.contrasts.index(contrast)]


def fastmri(folder: str | Path, split: str | None = None) -> list[FastMRI]:
    """The patients of the files in the folder and below; split: "train", "test" or None for both.

    Every header is read. A folder called `..._train` trains and `..._val` or `..._test` tests; elsewhere every fifth
    patient tests, by a checksum; a patient in both trains. UserError where there is no such folder or file, and
    for the first file that is refused: `paperlens data fastmri` lists all of them.
    """
    if split not in ("train", "test", None):
        raise ValueError(f"split must be train, test or None, not {split!r}")
    found = patients(scan(file) for file in below(folder, (".h5", ".hdf5")))
    if not found:
        raise UserError(f"no file in {str(folder)!r} ends in .h5.")
    return [p for p in found if split in (p.split, None)]


def scan(path: str | Path) -> Scan:
    """Open a file's header; RefusedError, naming the field, where it is not one of fastMRI's."""
    path = Path(path)
    facts = opener().ask(path, "fastmri").facts
    if facts["acquisition"] not in ACQUISITIONS:
        known = ", ".join(ACQUISITIONS)
        raise RefusedError(path, "acquisition", f"expected one of {known}, found {facts['acquisition']!r}")
    return Scan(path=path, facts=facts)


def patients(scans: Iterable[Scan]) -> list[FastMRI]:
    """The scans of a patient together; where one contrast was scanned twice, each file stays a subject alone.

    Which of two scans goes with a third, the files do not say.
    """
    held: dict[str, list[Scan]] = {}
    for one in scans:
        held.setdefault(one.facts["patient_id"], []).append(one)
    found = []
    for patient, own in sorted(held.items()):
        split = _split(patient, own)
        if len({s.contrast for s in own}) == len(own):
            found.append(FastMRI(name=patient, split=split, scans=tuple(own)))
        else:
            found += [FastMRI(name=f"{patient}/{s.path.stem}", split=split, scans=(s,)) for s in own]
    return found


def _split(patient: str, scans: list[Scan]) -> str:
    folders = {s.path.parent.name.rpartition("_")[2] for s in scans}
    if "train" in folders:
        return "train"
    if folders & {"val", "test"}:
        return "test"
    return "test" if zlib.crc32(patient.encode()) % 5 == 0 else "train"
