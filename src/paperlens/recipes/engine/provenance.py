"""Where a number comes from: the commit, the sources that took part, the machine."""

import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path

import torch

from paperlens.importgraph import reach

# They name everything; what is used is followed.
CATALOGUES = ("paperlens", "paperlens.models", "paperlens.data", "paperlens.exercises", "paperlens.recipes")


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
    return reach(modules, without=CATALOGUES).digest()
