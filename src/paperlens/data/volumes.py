"""What every MR source offers, phantom, IXI and fastMRI alike: subjects, volumes, and rows of slices.

A source is a list of subjects. A `Subject` has a name, a split fixed by subject, the contrasts it holds, and
`volume(contrast)`; a `Measured` subject also `kspace(contrast)`. `slices(subjects, "T2", guide="T1")` turns
any such list into a Hugging Face `datasets.Dataset`, one row a plane:

    column    type           meaning
    subject   string         name, unique within the source
    split     string         "train" or "test"; all planes and contrasts of a person are on one side
    source    string         "phantom", "IXI" or "fastMRI"
    contrast  string         of `image`: "T1", "T2", "PD", "FLAIR", "FS-PD", "T1-POST"
    plane     int64          index into the volume
    image     float32 (h w)  magnitude over its volume's maximum: 0..1, so PSNR takes data range 1
    maximum   float32        that maximum, to return to the source's units
    voxel_mm  float32 (3)    voxel size: between planes, rows, columns
    guide     float32 (h w)  where asked for: the guide contrast at the same index, over its volume's maximum

`in_memory(rows)` gives the same rows as a torch `Dataset` of stacked tensors, the form to train on. Nothing
is registered or resampled here: contrasts that lie on different grids are refused as a pair.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

if TYPE_CHECKING:
    import datasets


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One contrast of one subject: planes from feet to head, rows front to back, columns right to left."""

    subject: str
    contrast: str
    voxels: Float[Tensor, "z h w"]  # magnitude, at least 0, unit of the source
    affine: Float[
        Tensor, "4 4"
    ]  # (column, row, plane, 1) to scanner mm: right, front, head positive; float64
    source: str
    split: str

    @property
    def voxel_mm(self) -> tuple[float, float, float]:
        """Voxel size between planes, rows, columns."""
        w, h, z = (float(v) for v in self.affine[:3, :3].norm(dim=0))
        return z, h, w


@runtime_checkable
class Subject(Protocol):
    """One person in one source."""

    @property
    def name(self) -> str:
        """Unique within the source."""
        ...

    @property
    def split(self) -> str:
        """Train or test."""
        ...

    @property
    def source(self) -> str:
        """The collection."""
        ...

    @property
    def contrasts(self) -> tuple[str, ...]:
        """What `volume` accepts."""
        ...

    def volume(self, contrast: str) -> Volume:
        """The magnitude volume; ValueError naming the subject and what it has where the contrast is not one."""
        ...


@runtime_checkable
class Measured(Subject, Protocol):
    """A subject that also holds k-space."""

    def kspace(self, contrast: str) -> Complex[Tensor, "z q h w"]:
        """Centred, orthonormal k-space of each plane and coil; q is 1 for a single coil."""
        ...


def slices(
    subjects: Iterable[Subject],
    contrast: str = "T2",
    guide: str | None = None,
    planes: Sequence[int] | None = None,
) -> "datasets.Dataset":
    """Rows of planes, columns as in the module's docstring, in torch format; planes: indices, None for all.

    ValueError where a guide's volume has another shape or place than its target, or subjects differ in plane
    size.
    """
    import datasets  # a second or more that one slice of a brain need not pay

    columns: dict[str, list[Any]] = {
        name: []
        for name in ("subject", "split", "source", "contrast", "plane", "image", "maximum", "voxel_mm")
    }
    if guide is not None:
        columns["guide"] = []
    size: tuple[int, ...] | None = None
    for subject in subjects:
        volume = subject.volume(contrast)
        other = None if guide is None else _on_same_grid(volume, subject.volume(guide))
        if size is not None and size != tuple(volume.voxels.shape[1:]):
            raise ValueError(
                f"{subject.name} has planes of {tuple(volume.voxels.shape[1:])}, others {size}; crop first"
            )
        size = tuple(volume.voxels.shape[1:])
        maximum = volume.voxels.max().clamp_min(1e-12)
        chosen = range(len(volume.voxels)) if planes is None else planes
        for plane in chosen:
            columns["image"].append((volume.voxels[plane] / maximum).numpy())
            if other is not None:
                columns["guide"].append((other.voxels[plane] / other.voxels.max().clamp_min(1e-12)).numpy())
            columns["plane"].append(plane)
        count = len(chosen)
        columns["subject"] += [volume.subject] * count
        columns["split"] += [volume.split] * count
        columns["source"] += [volume.source] * count
        columns["contrast"] += [contrast] * count
        columns["maximum"] += [float(maximum)] * count
        columns["voxel_mm"] += [np.array(volume.voxel_mm, dtype=np.float32)] * count
    if size is None:
        raise ValueError("no subjects were given; there is nothing to make rows of")
    picture = datasets.Array2D(shape=size, dtype="float32")
    kinds: dict[str, Any] = {
        **dict.fromkeys(("subject", "split", "source", "contrast"), datasets.Value("string")),
        "plane": datasets.Value("int64"),
        "image": picture,
        "maximum": datasets.Value("float32"),
        "voxel_mm": datasets.List(datasets.Value("float32"), length=3),
        "guide": picture,
    }
    features = datasets.Features({name: kinds[name] for name in columns})
    return datasets.Dataset.from_dict(columns, features=features).with_format("torch")


class Slices(torch.utils.data.Dataset[dict[str, Any]]):
    """Stacked tensors; item i is {"image": 1 h w, "guide": 1 h w where there is one, "subject", "plane"}."""

    def __init__(self, rows: "datasets.Dataset") -> None:
        self.subjects: list[str] = list(rows["subject"])
        self.planes: list[int] = [int(p) for p in rows["plane"]]
        pictures = rows.with_format("numpy")
        self.images = {
            name: torch.from_numpy(np.ascontiguousarray(pictures[:][name]))[:, None]
            for name in ("image", "guide")
            if name in rows.column_names
        }

    def __len__(self) -> int:
        return len(self.planes)

    def __getitem__(self, index: int) -> dict[str, Any]:
        pictures = {name: stack[index] for name, stack in self.images.items()}
        return {**pictures, "subject": self.subjects[index], "plane": self.planes[index]}


def in_memory(rows: "datasets.Dataset") -> Slices:
    """The rows of `slices` as tensors in memory, ready for a DataLoader."""
    return Slices(rows)


def _on_same_grid(volume: Volume, guide: Volume) -> Volume:
    if volume.voxels.shape != guide.voxels.shape or not torch.allclose(
        volume.affine, guide.affine, atol=1e-3
    ):
        raise ValueError(
            f"{volume.subject}: {guide.contrast} {tuple(guide.voxels.shape)} and {volume.contrast} "
            f"{tuple(volume.voxels.shape)} lie on different grids; resample one onto the other first"
        )
    return guide
