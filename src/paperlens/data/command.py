"""`paperlens data`: look through a folder of MR files, or through the files that ship with the course."""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from paperlens.data.alignment import registration
from paperlens.data.fastmri_files import ACQUISITIONS, Scan, patients, scan
from paperlens.data.files import root
from paperlens.data.hostile import RefusedError, below, opener
from paperlens.data.ixi_files import CONTRASTS, IXI, NAME, OTHER, ixi, read
from paperlens.data.verify import problems
from paperlens.data.volumes import Subject
from paperlens.errors import UserError

MEASURED = 3  # pairs whose displacement is measured: enough to see that a folder is not registered
Found = TypeVar("Found")


def main(argv: Sequence[str]) -> int:
    """0 where every file is usable or as its card says, else 1."""
    parser = argparse.ArgumentParser(prog="paperlens data", description=__doc__)
    what = parser.add_subparsers(dest="what", required=True)
    for name in ("ixi", "fastmri"):
        one = what.add_parser(name, help=f"which {name} files below a folder are usable")
        one.add_argument("folder", type=Path)
        one.add_argument("--quick", action="store_true", help="read headers alone, not every number")
    what.add_parser("verify", help="check every shipped file against its card, and sizes")
    options = parser.parse_args(argv)
    if options.what == "verify":
        return _verify(root())
    check = _ixi if options.what == "ixi" else _fastmri
    return check(options.folder, options.quick)


def _verify(folder: Path) -> int:
    found = problems(folder)
    print(*found, sep="\n", end="\n" if found else "")
    sizes = [f.stat().st_size for f in folder.rglob("*") if f.is_file()]
    print(
        f"{len(sizes)} files, {sum(sizes) / 1e6:.1f} MB, the largest {max(sizes) / 1e6:.1f} MB: {_count(found)}."
    )
    return 1 if found else 0


def _ixi(folder: Path, quick: bool) -> int:
    files = below(folder, (".nii", ".nii.gz"))
    named = [f for f in files if NAME.fullmatch(f.name)]
    ixi(folder)  # a sentence where there are none, or two of one contrast

    def look(file: Path) -> list[int]:
        facts = opener().ask(file, "ixi").facts
        if not quick:
            read(file)
        return list(facts["shape"])

    shapes, refused = _look(named, look)
    people = [IXI(name=p.name, files={c: f for c, f in p.files.items() if f in shapes}) for p in ixi(folder)]
    print("contrast  files  usable  planes x rows x columns (files)")
    for contrast in CONTRASTS:
        own = [f for f in named if f.name.partition(".")[0].endswith(f"-{contrast}")]
        kinds = Counter(" x ".join(map(str, shapes[f])) for f in own if f in shapes)
        common = ", ".join(f"{k} ({n})" for k, n in kinds.most_common(3))
        print(f"{contrast:<8}  {len(own):>5}  {sum(kinds.values()):>6}  {common}")
    whole = sum(len(p.contrasts) == len(CONTRASTS) for p in people)
    print(
        f"{sum(bool(p.contrasts) for p in people)} people with a usable file, {whole} with all of {CONTRASTS}."
    )
    _say_registration(people, (("T2", "T1"), ("T2", "PD")), quick)
    for file in files:
        if file not in named and not OTHER.fullmatch(file.name):
            refused.append(f"{str(file)!r}, name: expected one like IXI002-Guys-0828-T1.nii.gz.")
    return _end(refused, quick)


def _fastmri(folder: Path, quick: bool) -> int:
    files = below(folder, (".h5", ".hdf5"))
    if not files:
        raise UserError(f"no file in {str(folder)!r} ends in .h5.")

    def look(file: Path) -> Scan:
        one = scan(file)
        if not quick:
            one.kspace()
            if one.target is not None:
                one.volume("", "train")
        return one

    scans, refused = _look(files, look)
    print("contrast  usable  with a picture  coils  patients")
    for contrast in dict.fromkeys(ACQUISITIONS.values()):
        own = [s for s in scans.values() if s.contrast == contrast]
        if own:
            coils = f"{min(s.coils for s in own)}-{max(s.coils for s in own)}"
            persons = len({s.facts["patient_id"] for s in own})
            pictures = sum(s.target is not None or not s.facts["mask"] for s in own)
            print(f"{contrast:<8}  {len(own):>6}  {pictures:>14}  {coils:>5}  {persons:>8}")
    people = patients(scans.values())
    pairs = [p for p in people if {"PD", "FS-PD"} <= set(p.contrasts)]
    print(
        f"{len({s.facts['patient_id'] for s in scans.values()})} patients; PD can guide FS-PD in {len(pairs)}."
    )
    for name in sorted({p.name.partition("/")[0] for p in people if "/" in p.name}):
        print(f"Patient {name} was scanned twice in one contrast: the scans are kept apart, not paired.")
    _say_registration(pairs, (("FS-PD", "PD"),), quick)
    return _end(refused, quick)


def _look(files: Sequence[Path], look: Callable[[Path], Found]) -> tuple[dict[Path, Found], list[str]]:
    """What `look` finds in each usable file, and the sentences about the others."""
    found, refused = {}, []
    for file in tqdm(files, desc="files", leave=False, disable=None):
        try:
            found[file] = look(file)
        except RefusedError as error:
            refused.append(str(error))
    return found, refused


def _say_registration(subjects: Sequence[Subject], pairs: Sequence[tuple[str, str]], quick: bool) -> None:
    for target, guide in () if quick else pairs:
        able = [s for s in subjects if {target, guide} <= set(s.contrasts)][:MEASURED]
        for subject in able:
            try:
                print(registration(subject.volume(target), subject.volume(guide)).sentence)
            except RefusedError as error:  # a test file without a picture
                print(error)


def _end(refused: Sequence[str], quick: bool) -> int:
    if refused:
        print("Not usable:", *refused, sep="\n  ")
    read = "headers alone were read" if quick else "every number was read"
    print(f"{_count(refused)}; {read}.")
    return 1 if refused else 0


def _count(found: Sequence[str]) -> str:
    return "nothing is wrong" if not found else f"{len(found)} found wrong"
