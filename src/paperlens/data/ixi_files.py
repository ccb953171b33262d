"""IXI: T1, T2 and PD volumes of nearly 600 healthy people, as NIfTI files in a folder of yours.

Files are named `IXI002-Guys-0828-T1.nii.gz`: person, hospital, session, contrast. Guys and IOP scanned at
1.5 T, HH at 3 T; licence CC BY-SA 3.0. T1 was acquired sagittal and T2 and PD axial: `volume` turns all of them
to planes feet to head, rows front to back, columns right to left, but they stay on their own grids and nobody
registered them. `ixi(folder, grid="T2")` resamples the others onto the grid of T2 by the files' affines, with
`register=True` by a rigid registration too; `paperlens.data.alignment` measures what remains.
"""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from paperlens.data.alignment import onto
from paperlens.data.hostile import below
from paperlens.data.nifti_files import read
from paperlens.data.volumes import Volume
from paperlens.errors import UserError

NAME = re.compile(r"(IXI\d{3}-(Guys|HH|IOP)-\d{4})-(T1|T2|PD)\.nii(?:\.gz)?")
OTHER = re.compile(r"IXI\d{3}-(Guys|HH|IOP)-\d{4}-(MRA|DTI-\d\d)\.nii(\.gz)?")  # of IXI, not used here
CONTRASTS = ("T1", "T2", "PD")
FIELDS = {"Guys": 1.5, "IOP": 1.5, "HH": 3.0}  # T


@dataclass(frozen=True, slots=True, kw_only=True)
class IXI:
    """One person, a `volumes.Subject`; files are read when a volume is asked for."""

    name: str
    files: Mapping[str, Path]
    grid: str | None = None  # the contrast onto whose grid the others are resampled
    register: bool = False  # and whether they are moved onto it
    source: str = "IXI"

    @property
    def split(self) -> str:
        """Every fifth person, by a checksum of the name: the same wherever the files lie."""
        return "test" if zlib.crc32(self.name.encode()) % 5 == 0 else "train"

    @property
    def field(self) -> float:
        """Tesla, known from the hospital."""
        return FIELDS[self.name.split("-")[1]]

    @property
    def contrasts(self) -> tuple[str, ...]:
        """Those of T1, T2, PD that there is a file of."""
        return tuple(c for c in CONTRASTS if c in self.files)

    def volume(self, contrast: str) -> Volume:
        """Magnitude in scanner units, on the file's own grid or on that of `grid`.

        RefusedError (a UserError that names file and field) where the file is no such volume.
        """
        own = self._read(contrast)
        return (
            own
            if self.grid in (None, contrast)
            else onto(own, self._read(str(self.grid)), register=self.register)
        )

    def _read(self, contrast: str) -> Volume:
        if contrast not in self.files:
            raise ValueError(f"{self.name} has no contrast {contrast!r}; it has {self.contrasts}")
        voxels, affine = read(self.files[contrast])
        return Volume(
            subject=self.name,
            contrast=contrast,
            voxels=voxels,
            affine=affine,
            source=self.source,
            split=self.split,
        )


def ixi(
    folder: str | Path, split: str | None = None, grid: str | None = None, register: bool = False
) -> list[IXI]:
    """The people with files in the folder or below, by name; split: "train", "test" or None for both.

    grid: a contrast onto whose grid the others are resampled, moved by a rigid registration where `register`;
    people without it are left out. No file is opened yet. UserError where there is no such folder, no IXI file,
    or one contrast of a person twice.
    """
    if split not in ("train", "test", None) or grid not in (*CONTRASTS, None):
        raise ValueError(
            f"split {split!r} must be train, test or None and grid {grid!r} one of {CONTRASTS} or None"
        )
    people: dict[str, dict[str, Path]] = {}
    for file in below(folder, (".nii", ".nii.gz")):
        if match := NAME.fullmatch(file.name):
            name, _, contrast = match.groups()
            held = people.setdefault(name, {})
            if contrast in held:
                raise UserError(
                    f"{contrast} of {name} is there twice: {str(held[contrast])!r} and {str(file)!r}."
                )
            held[contrast] = file
    if not people:
        raise UserError(f"no file in {str(folder)!r} is called like IXI002-Guys-0828-T1.nii.gz.")
    found = [
        IXI(name=name, files=held, grid=grid, register=register) for name, held in sorted(people.items())
    ]
    return [p for p in found if split in (p.split, None) and (grid is None or grid in p.files)]
