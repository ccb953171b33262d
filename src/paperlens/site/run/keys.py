"""What a run depends on: the paperlens modules it imports, the packages, the files it read."""

import hashlib
import importlib.metadata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement

from paperlens.importgraph import PACKAGE, Import, content, reach


def package_files(names: Iterable[Import | str]) -> tuple[set[Path], set[str]]:
    """The files of paperlens reached from `names` through imports, and the other packages named."""
    found = reach(names)
    return set(found.modules.values()), found.packages


def digest(files: Iterable[Path]) -> str:
    """One SHA-256 over names and contents; a folder counts with all in it, a missing file as missing."""
    total = hashlib.sha256()
    flat = {g for f in files for g in (f.rglob("*") if f.is_dir() else [f]) if not g.is_dir()}
    for file in sorted(flat):
        if "__pycache__" in file.parts:
            continue
        total.update(str(file.name).encode())
        if not file.is_file():
            total.update(b"missing")
        elif file.suffix == ".py" and file.is_relative_to(PACKAGE):
            total.update(content(file))
        else:
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Installed versions of the distributions that bring `packages`, and of all that these require."""
    waiting = [name for package in packages for name in _distributions().get(package, [])]
    found: dict[str, str] = {}
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found or name == PACKAGE.name:
            continue
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        for text in importlib.metadata.requires(name) or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return dict(sorted(found.items()))
