"""A folder of one's own: NIfTI volumes of people, found by their BIDS names or listed in a small table.

BIDS (Gorgolewski et al., Scientific Data 3:160044, 2016; the brain imaging data structure) keeps them as
`sub-01/[ses-1/]anat/sub-01_T1w.nii.gz`, with the suffixes T1w, T2w, PDw and FLAIR. Failing that, files that lie in the
folder itself and are called so, `NAME_T1w.nii.gz`; failing that, a CSV file with the columns `subject,contrast,file`
(files relative to the table). A visit is a subject here; all visits of a person are on one side of the split. Of
several runs of one contrast the first by name is taken, and `NIfTI.others` lists the rest.

Nothing is registered unless it is asked for: `nifti(folder, grid="T2", register=True)` lays every contrast of a person
on the grid of T2, moved by the rigid motion of `paperlens.data.rigid`.
"""

import csv
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from paperlens.data.alignment import onto
from paperlens.data.hostile import below, magnitudes, opener
from paperlens.data.volumes import Volume
from paperlens.errors import UserError

SUFFIXES = {"T1w": "T1", "T2w": "T2", "PDw": "PD", "FLAIR": "FLAIR"}
ENDINGS = (".nii", ".nii.gz")
NAME = re.compile(rf"(?P<name>.+)_(?P<suffix>{'|'.join(SUFFIXES)})\.nii(\.gz)?")
BIDS = re.compile(r"sub-[^/]+/(ses-[^/]+/)?anat/[^/]+")  # derivatives and sourcedata stay out
COLUMNS = ["subject", "contrast", "file"]
MAX_TABLE = 10_000_000  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NIfTI:
    """One visit of one person, a `volumes.Subject`; files are read when a volume is asked for."""

    name: str
    person: str
    files: Mapping[str, Path]
    others: tuple[Path, ...] = ()  # further runs of a contrast, not used
    grid: str | None = None  # the contrast onto whose grid the others are resampled
    register: bool = False  # and whether they are moved onto it
    source: str = "NIfTI"

    @property
    def split(self) -> str:
        """Every fifth person tests, by a checksum of the name: the same wherever the files lie."""
        return "test" if zlib.crc32(self.person.encode()) % 5 == 0 else "train"

    @property
    def contrasts(self) -> tuple[str, ...]:
        """Those that there is a file of, by name."""
        return tuple(sorted(self.files))

    def volume(self, contrast: str) -> Volume:
        """Magnitude in the file's units, on the file's own grid or on that of `grid`.

        ValueError for a contrast that there is no file of; RefusedError (a UserError that names file and field) where
        the file is no such volume.
        """
        own = self._read(contrast)
        if self.grid in (None, contrast):
            return own
        return onto(own, self._read(str(self.grid)), register=self.register)

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


def read(path: str | Path) -> tuple[Float[Tensor, "z h w"], Float[Tensor, "4 4"]]:
    """Magnitudes and affine of one file, as a `Volume` holds them; RefusedError names what is wrong with it."""
    path = Path(path)
    answer = opener().ask(path, "nifti", "voxels")
    assert answer.array is not None
    voxels = magnitudes(path, "voxels", answer.array)
    return torch.from_numpy(voxels), torch.tensor(answer.facts["affine"], dtype=torch.float64)


def nifti(
    folder: str | Path, split: str | None = None, grid: str | None = None, register: bool = False
) -> list[NIfTI]:
    """The visits with files in the folder (or in the table that `folder` names), by name.

    split: "train", "test" or None for both. grid: a contrast onto whose grid the others are resampled, moved by a rigid
    registration where `register`; visits without it are left out. No volume is opened yet. UserError where there is no
    such folder, nothing in it that can be understood, or a table that names a missing file.
    """
    if split not in ("train", "test", None):
        raise ValueError(f"split {split!r} must be train, test or None")
    if register and grid is None:
        raise ValueError("register=True needs grid, the contrast onto which the others are moved")
    found = [replace(one, grid=grid, register=register) for one in _visits(Path(folder))]
    if grid is not None and not any(grid in one.files for one in found):
        have = sorted({contrast for one in found for contrast in one.files})
        raise UserError(f"nobody in {str(folder)!r} has {grid!r}; there are {', '.join(have)}.")
    return [one for one in found if split in (one.split, None) and (grid is None or grid in one.files)]


def _visits(folder: Path) -> list[NIfTI]:
    if folder.is_file() and folder.suffix.lower() == ".csv":
        return _from_table(folder)
    files = below(folder, ENDINGS)
    own = [f for f in files if BIDS.fullmatch(f.relative_to(folder).as_posix())] or [
        f for f in files if f.parent == folder
    ]
    named = [(f, match) for f in own if (match := NAME.fullmatch(f.name))]
    if named:
        return _grouped((*_who(f, match), SUFFIXES[match["suffix"]], f) for f, match in named)
    for table in sorted(folder.glob("*.csv")):
        if _header(table) == COLUMNS:
            return _from_table(table)
    raise UserError(
        f"found no volumes in {str(folder)!r}: expected sub-NAME/anat/..._T1w.nii.gz (BIDS), NAME_T1w.nii.gz in the "
        "folder itself, or a table with the columns subject,contrast,file."
    )


def _who(file: Path, match: re.Match[str]) -> tuple[str, str]:
    """(visit, person) of a file."""
    if file.parent.name != "anat":
        return match["name"], match["name"]
    visit = file.parent.parent
    if visit.name.startswith("ses-"):
        return f"{visit.parent.name}/{visit.name}", visit.parent.name
    return visit.name, visit.name


def _header(table: Path) -> list[str]:
    with table.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        return [name.strip().lower() for name in next(csv.reader([file.readline(1000)]), [])]


def _from_table(table: Path) -> list[NIfTI]:
    if table.stat().st_size > MAX_TABLE:
        raise UserError(f"{str(table)!r} has more than {MAX_TABLE:,} bytes; it was not read.")
    if _header(table) != COLUMNS:
        raise UserError(f"{str(table)!r} begins with {_header(table)}; expected subject,contrast,file.")
    try:
        text = table.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{str(table)!r} is no text in UTF-8; save it as such.") from None
    return _grouped(_rows(table, text))


def _rows(table: Path, text: str) -> Iterator[tuple[str, str, str, Path]]:
    for number, row in enumerate(csv.reader(text.splitlines()), 1):
        if number == 1 or not any(row):
            continue
        cells = [cell.strip() for cell in row]
        if len(cells) != 3 or not all(cells):
            raise UserError(f"{str(table)!r}, line {number}: expected subject,contrast,file, found {row}.")
        subject, contrast, name = cells
        file = table.parent / name
        if not file.is_file() or not file.name.endswith(ENDINGS):
            raise UserError(f"{str(table)!r}, line {number}: there is no NIfTI file {str(file)!r}.")
        yield subject, subject, SUFFIXES.get(contrast, contrast), file


def _grouped(rows: Iterable[tuple[str, str, str, Path]]) -> list[NIfTI]:
    visits: dict[str, NIfTI] = {}
    for name, person, contrast, file in rows:
        one = visits.setdefault(name, NIfTI(name=name, person=person, files={}))
        if contrast in one.files:
            visits[name] = replace(one, others=(*one.others, file))
        else:
            visits[name] = replace(one, files={**one.files, contrast: file})
    return [visits[name] for name in sorted(visits)]
