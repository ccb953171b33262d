"""`paperlens data`: look through a folder of MR files, or through the files that ship with the course."""

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from paperlens.data.alignment import registration
from paperlens.data.fastmri_files import ACQUISITIONS, Scan, patients, scan
from paperlens.data.files import root
from paperlens.data.hostile import RefusedError, below, opener
from paperlens.data.ixi_files import CONTRASTS, IXI, NAME, OTHER, ixi
from paperlens.data.nifti_files import nifti, read
from paperlens.data.verify import problems
from paperlens.data.volumes import Subject
from paperlens.errors import UserError

MEASURED = 3  # pairs whose displacement is measured: enough to see that a folder is not registered
Found = TypeVar("Found")


def main(argv: Sequence[str]) -> int:
    """0 where every file is usable or as its card says, else 1."""
    parser = argparse.ArgumentParser(prog="paperlens data", description=__doc__)
    what = parser.add_subparsers(dest="what", required=True)
    for name, files in (("nifti", "NIfTI (BIDS, or a table)"), ("ixi", "IXI"), ("fastmri", "fastMRI")):
        one = what.add_parser(name, help=f"which {files} files below a folder are usable")
        one.add_argument("folder", type=Path)
        one.add_argument("--quick", action="store_true", help="read headers alone, not every number")
        if name != "fastmri":  # its files do not say where a plane lies
            one.add_argument(
                "--register", action="store_true", help="register pairs rigidly and say what it changes"
            )
    what.add_parser("verify", help="check every shipped file against its card, and sizes")
    options = parser.parse_args(argv)
    if options.what == "verify":
        return _verify(root())
    if options.quick and getattr(options, "register", False):
        raise UserError(
            "--register needs the numbers of the files and --quick reads none; leave one of them out."
        )
    if options.what == "fastmri":
        return _fastmri(options.folder, options.quick)
    check = _ixi if options.what == "ixi" else _nifti
    return check(options.folder, options.quick, options.register)


def _verify(folder: Path) -> int:
    found = problems(folder)
    print(*found, sep="\n", end="\n" if found else "")
    sizes = [f.stat().st_size for f in folder.rglob("*") if f.is_file()]
    print(
        f"{len(sizes)} files, {sum(sizes) / 1e6:.1f} MB, the largest {max(sizes) / 1e6:.1f} MB: {_count(found)}."
    )
    return 1 if found else 0


def _nifti(folder: Path, quick: bool, register: bool) -> int:
    visits = nifti(folder)
    shapes, refused = _look([f for one in visits for f in one.files.values()], _shape_of(quick))
    usable = [replace(one, files={c: f for c, f in one.files.items() if f in shapes}) for one in visits]
    contrasts = sorted({contrast for one in visits for contrast in one.files})
    print("contrast  files  usable  planes x rows x columns (files)")
    for contrast in contrasts:
        own = [one.files[contrast] for one in visits if contrast in one.files]
        _say_shapes(contrast, own, shapes)
    people = {one.person: one.split for one in usable if one.files}
    tested = sum(split == "test" for split in people.values())
    print(f"{len(people)} people with a usable file, {tested} of them test; {len(visits)} visits.")
    for one in visits:
        for file in one.others:
            print(f"{one.name}: {file.name} is a further run of its contrast; the first is taken.")
    best = sorted(contrasts, key=lambda c: -sum(c in one.files for one in usable))
    target = next((c for c in ("T2", "PD", *best) if c in best), "")
    _say_registration(usable, [(target, c) for c in contrasts if c != target], quick, register)
    return _end(refused, quick)


def _shape_of(quick: bool) -> Callable[[Path], list[int]]:
    def look(file: Path) -> list[int]:
        facts = opener().ask(file, "nifti").facts
        if not quick:
            read(file)
        return list(facts["shape"])

    return look


def _say_shapes(contrast: str, own: Sequence[Path], shapes: Mapping[Path, Sequence[int]]) -> None:
    kinds = Counter(" x ".join(map(str, shapes[f])) for f in own if f in shapes)
    common = ", ".join(f"{k} ({n})" for k, n in kinds.most_common(3))
    print(f"{contrast:<8}  {len(own):>5}  {sum(kinds.values()):>6}  {common}")


def _ixi(folder: Path, quick: bool, register: bool) -> int:
    files = below(folder, (".nii", ".nii.gz"))
    named = [f for f in files if NAME.fullmatch(f.name)]
    ixi(folder)  # a sentence where there are none, or two of one contrast

    shapes, refused = _look(named, _shape_of(quick))
    people = [IXI(name=p.name, files={c: f for c, f in p.files.items() if f in shapes}) for p in ixi(folder)]
    print("contrast  files  usable  planes x rows x columns (files)")
    for contrast in CONTRASTS:
        own = [f for f in named if f.name.partition(".")[0].endswith(f"-{contrast}")]
        _say_shapes(contrast, own, shapes)
    whole = sum(len(p.contrasts) == len(CONTRASTS) for p in people)
    print(
        f"{sum(bool(p.contrasts) for p in people)} people with a usable file, {whole} with all of {CONTRASTS}."
    )
    _say_registration(people, (("T2", "T1"), ("T2", "PD")), quick, register)
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
    _say_registration(pairs, (("FS-PD", "PD"),), quick, False)
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


def _say_registration(
    subjects: Sequence[Subject], pairs: Sequence[tuple[str, str]], quick: bool, register: bool
) -> None:
    for target, guide in () if quick else pairs:
        able = [s for s in subjects if {target, guide} <= set(s.contrasts)][:MEASURED]
        for subject in able:
            try:
                pair = subject.volume(target), subject.volume(guide)
                print(registration(*pair, register=register).sentence)
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
