"""What a run depends on: the paperlens modules it imports, the packages, the files it read."""

import ast
import hashlib
import importlib.metadata
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement

from paperlens.site.places import PACKAGE


def imports(source: str, package: str = "") -> set[str]:
    """Every module that the source names in an import, relative ones resolved against `package`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*up, *([node.module] if node.module else [])])
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return names


def module_file(name: str) -> Path | None:
    """The file of a module of this package, or None where the name is a function or another package's."""
    first, *rest = name.split(".")
    if first != PACKAGE.name:
        return None
    stem = PACKAGE.joinpath(*rest)
    return next(
        (p for p in (stem.with_suffix(".py") if rest else stem, stem / "__init__.py") if p.is_file()), None
    )


def package_files(names: Iterable[str]) -> tuple[set[Path], set[str]]:
    """The files of paperlens reached from `names` through imports, and the other packages named."""
    files: set[Path] = set()
    others: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name.partition(".")[0] != PACKAGE.name:
            others.add(name.partition(".")[0])
            continue
        parts = name.split(".")
        for depth in range(1, len(parts) + 1):
            file = module_file(".".join(parts[:depth]))
            if file is None or file in files:
                continue
            files.add(file)
            package = ".".join(parts[:depth] if file.name == "__init__.py" else parts[: depth - 1])
            waiting += imports(file.read_text(encoding="utf-8"), package)
    return files, {name for name in others if name and name not in sys.stdlib_module_names}


def digest(files: Iterable[Path]) -> str:
    """One SHA-256 over names and contents; a folder counts with all in it, a missing file as missing."""
    total = hashlib.sha256()
    flat = {g for f in files for g in (f.rglob("*") if f.is_dir() else [f]) if not g.is_dir()}
    for file in sorted(flat):
        if "__pycache__" in file.parts:
            continue
        total.update(str(file.name).encode())
        total.update(hashlib.sha256(file.read_bytes()).digest() if file.is_file() else b"missing")
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
