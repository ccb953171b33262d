"""Where a number comes from: the commit, the sources that took part, the machine."""

import ast
import hashlib
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import torch

CATALOGUES = (
    "paperlens",
    "paperlens.models",
    "paperlens.data",
)  # they name everything; what is used is followed


def commit() -> str:
    """The commit of the checkout that holds this package, or "none" (an installed wheel)."""
    here = Path(__file__).parent
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "none"


def device() -> str:
    """What the numbers were computed on, in words."""
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return f"{platform.system()} {platform.machine()}, {torch.get_num_threads()} thread(s)"


def source_hash(modules: Iterable[str]) -> str:
    """SHA-256 over the sources of `modules` and of every paperlens module that they import, directly or not.

    Catalogues are left out: a new system in the table changes no number. Name the modules of a network's own
    blocks.
    """
    digest = hashlib.sha256()
    for name, file in sorted(reachable(modules).items()):
        digest.update(f"{name}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def reachable(modules: Iterable[str]) -> dict[str, Path]:
    """Every paperlens module that `modules` import, by name, with its file."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found or name in CATALOGUES or name.split(".")[0] != "paperlens":
            continue
        loaded = sys.modules.get(name)
        origin = getattr(loaded, "__file__", None) or getattr(find_spec(name), "origin", None)
        if origin is None:
            continue
        found[name] = Path(origin)
        waiting += imported(ast.parse(found[name].read_text(encoding="utf-8")))
    return found


def imported(tree: ast.Module) -> list[str]:
    """The modules that a module's text imports; `from package import name` may name a module too."""
    names = list[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
            if node.module.split(".")[0] == "paperlens":
                inner = [f"{node.module}.{alias.name}" for alias in node.names]
                names += [name for name in inner if is_module(name)]
    return names


def is_module(name: str) -> bool:
    """Whether a dotted name is a module, not something inside one."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
