"""The slices that the MRI recipes train and test on: of the phantom, or of a folder of one's own.

A folder is read as fastMRI (HDF5 files), IXI (by its names) or any NIfTI folder (`data.nifti_files`). Contrasts of a
person are laid on the target's grid by a rigid registration where they are NIfTI; fastMRI's lie on one grid as they
are. People are split by their names; of a single person every second plane tests, and that is said in the protocol.
"""

import functools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from paperlens.data.fastmri_files import fastmri
from paperlens.data.hostile import below
from paperlens.data.ixi_files import NAME as IXI_NAME
from paperlens.data.ixi_files import ixi
from paperlens.data.nifti_files import ENDINGS, nifti
from paperlens.data.phantoms import Phantom, phantom
from paperlens.data.volumes import Subject
from paperlens.errors import UserError
from paperlens.physics.sampling import truncate_kspace, zero_fill
from paperlens.recipes.engine.recipe import Own
from paperlens.train.profiles import Profile

SCALE = 4
SUBJECTS = {"train": 6, "test": 3}
PLANES = 10  # of a person in profile class
Stack = Float[Tensor, "n 1 h w"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Some planes of one subject, each volume over its largest value in these planes."""

    name: str
    target: Stack
    guide: Stack  # another contrast, the same planes
    low: Stack  # the target truncated by SCALE and zero-filled


People = Callable[[str, Profile], tuple[Slices, ...]]  # of a split


def planes(profile: Profile) -> range:
    """Ten planes of a phantom, 6 mm apart; two where nothing is to be learned."""
    return profile.pick(smoke=range(28, 40, 6), class_=range(4, 64, 6))


def subjects(split: str, profile: Profile) -> tuple[Slices, ...]:
    """T2 and T1 of the phantom's subjects, simulated on `planes` alone; two where nothing is to be learned."""
    return _built(split, profile.pick(smoke=2, class_=SUBJECTS[split]), planes(profile), "T2")


@functools.cache
def _built(split: str, count: int, chosen: range, target: str) -> tuple[Slices, ...]:
    return tuple(of_phantom(person, chosen, target) for person in phantom(count, split))


def of_phantom(person: Phantom, chosen: Sequence[int], target: str = "T2", guide: str = "T1") -> Slices:
    """Two contrasts of a phantom's planes."""
    return made(person.name, *(person.image(contrast, chosen).abs() for contrast in (target, guide)))


def made(name: str, target: Float[Tensor, "n h w"], guide: Float[Tensor, "n h w"]) -> Slices:
    """Both over their maximum, and the target truncated."""
    high, other = ((stack / stack.max().clamp_min(1e-12))[:, None] for stack in (target, guide))
    low = zero_fill(truncate_kspace(high, SCALE), high.shape[-2:]).real
    return Slices(name=name, target=high, guide=other, low=low)


def of_folder(own: Own) -> tuple[People, str]:
    """The people of a folder, and a sentence about how they were split and laid on each other.

    UserError where the folder holds nobody with both contrasts.
    """
    subjects, told = _subjects(own)
    halves = _halves(subjects)

    @functools.cache
    def read(split: str, profile: Profile) -> tuple[Slices, ...]:
        if halves is None:
            every = [_planes(subjects[0], own, profile, first) for first in (0, 1)]
            return (every[split == "test"],)
        most = profile.pick(smoke=2, class_=SUBJECTS[split], gpu=6 * SUBJECTS[split], paper=len(subjects))
        return _one_size([_planes(person, own, profile, None) for person in halves[split][:most]])

    how = (
        "of one person every second plane tests: no new person" if halves is None else "people split by name"
    )
    return read, f"{told}; {how}"


def _subjects(own: Own) -> tuple[list[Subject], str]:
    folder = own.folder
    target, guide = own.target or "T2", own.guide or "T1"
    found: Sequence[Subject]
    if folder.is_dir() and below(folder, (".h5", ".hdf5")):
        target, guide = own.target or "FS-PD", own.guide or "PD"
        found, told = fastmri(folder), "as they lie"
    elif folder.is_dir() and any(IXI_NAME.fullmatch(f.name) for f in below(folder, ENDINGS)):
        found, told = ixi(folder, grid=target, register=True), "registered rigidly"
    else:
        found, told = nifti(folder), "registered rigidly"
        held = {contrast for one in found for contrast in one.contrasts}
        if own.target is None and target not in held:
            raise UserError(f"nobody in {str(folder)!r} has T2; name a --target: {', '.join(sorted(held))}.")
        found = nifti(folder, grid=target, register=True)
    able: list[Subject] = [one for one in found if {target, guide} <= set(one.contrasts)]
    if not able:
        have = sorted({contrast for one in found for contrast in one.contrasts})
        raise UserError(
            f"nobody in {str(folder)!r} has both {target} and {guide}; choose --target and --guide from "
            f"{', '.join(have) or 'what it holds'}."
        )
    return able, f"{target} with {guide} as guide, {told}"


def contrasts(own: Own) -> tuple[str, str]:
    """Target and guide, with the usual ones where none were named."""
    fast = own.folder.is_dir() and bool(below(own.folder, (".h5", ".hdf5")))
    return own.target or ("FS-PD" if fast else "T2"), own.guide or ("PD" if fast else "T1")


def _halves(subjects: Sequence[Subject]) -> dict[str, list[Subject]] | None:
    """By their own split; where that leaves a side empty the last by checksum tests; None for one person alone."""
    if len({_person(one) for one in subjects}) == 1:
        return None
    halves = {split: [one for one in subjects if one.split == split] for split in ("train", "test")}
    if all(halves.values()):
        return halves
    last = max((_person(one) for one in subjects), key=lambda name: zlib.crc32(name.encode()))
    return {
        "train": [one for one in subjects if _person(one) != last],
        "test": [one for one in subjects if _person(one) == last],
    }


def _person(one: Subject) -> str:
    return str(getattr(one, "person", one.name))


def _planes(person: Subject, own: Own, profile: Profile, first: int | None) -> Slices:
    """Planes of one person with something on them, sides cut to multiples of SCALE; `first`: every second from it."""
    target, guide = (person.volume(contrast).voxels for contrast in contrasts(own))
    if target.shape != guide.shape:
        raise UserError(
            f"{person.name}: target {tuple(target.shape)} and guide {tuple(guide.shape)} differ in size; "
            "resample one onto the other first."
        )
    shown = [z for z in range(len(target)) if target[z].max() > 0.1 * target.max() and guide[z].max() > 0]
    few = max(1, len(shown) // profile.pick(smoke=2, class_=PLANES, gpu=len(shown)))
    chosen = shown[::few] if first is None else shown[first::2]
    if first is not None and profile.name == "smoke":
        chosen = chosen[:2]
    if not chosen:
        raise UserError(
            f"{person.name} has fewer than two planes with target and guide; nothing can be learned."
        )
    h, w = (side // SCALE * SCALE for side in target.shape[-2:])
    return made(person.name, target[chosen, :h, :w], guide[chosen, :h, :w])


def _one_size(people: Sequence[Slices]) -> tuple[Slices, ...]:
    """Cut to the smallest planes among them, around the middle."""
    h, w = (min(one.target.shape[axis] for one in people) for axis in (-2, -1))

    def cut(stack: Stack) -> Float[Tensor, "n h w"]:
        top, left = ((n - m) // 2 for n, m in zip(stack.shape[-2:], (h, w), strict=True))
        return stack[:, 0, top : top + h, left : left + w]

    return tuple(
        one if one.target.shape[-2:] == (h, w) else made(one.name, cut(one.target), cut(one.guide))
        for one in people
    )


def folder_of(own: Own, target: str, guide: str) -> Own:
    """The same folder with these contrasts where none were named."""
    return replace(own, target=own.target or target, guide=own.guide or guide)


def real_person() -> Path | None:
    """The folder of the one real person beside this checkout (CC BY-NC: not part of it), where it is there."""
    from paperlens.data.files import root

    folder = root().resolve().parents[1] / "shared" / "real"
    return folder if folder.is_dir() else None
