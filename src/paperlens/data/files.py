"""One accessor for every shipped file, from a checkout or from an installed wheel."""

import os
import sys
from pathlib import Path

from paperlens.errors import UserError

PACKAGE = Path(__file__).resolve().parent.parent
INSTALLED = PACKAGE / "_data"  # the wheel carries data/ here
CHECKOUT = PACKAGE.parent.parent / "data"


def root() -> Path:
    """The folder that holds the shipped data."""
    return INSTALLED if INSTALLED.is_dir() else CHECKOUT


def path(name: str) -> Path:
    """Where the shipped file or folder `name` (relative to data/) lies; UserError where there is none."""
    found = (root() / name).resolve()
    if not found.is_relative_to(root().resolve()) or not found.exists():
        raise UserError(f"no shipped file is called {name!r}; data/README.md lists what there is.")
    sys.audit("paperlens.data.path", str(found))  # the chapters' cache notes what a run read
    return found


def write(file: Path, content: bytes | str, *, sync: bool = True) -> None:
    """Write `file` whole or not at all: beside it first, then renamed; with `sync` safe from a loss of power, too."""
    beside = file.with_name(f"{file.name}.{os.getpid()}.part")  # another process may be writing the same
    try:
        with beside.open("wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            if sync:
                os.fsync(stream.fileno())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
