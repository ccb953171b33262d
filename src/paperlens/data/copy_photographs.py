"""How data/photographs was made: `python -m paperlens.data.copy_photographs` copies and checks it."""

import hashlib
import importlib.util
import shutil
import sys
from pathlib import Path

from paperlens.data.files import path
from paperlens.data.photograph_set import CARD, card
from paperlens.errors import UserError


def original(source: str) -> Path:
    """Where an installed package keeps the file `source`, written package/path/inside."""
    package, inside = source.split("/", 1)
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise UserError(f"{package} is not installed; it holds {inside} (pip install 'paperlens[course]').")
    return Path(found.origin).parent / inside


def main() -> int:
    """Copy every picture from the package it came with; a changed checksum stops it before the first."""
    pairs = [(original(record["source"]), record) for record in card()]
    for file, record in pairs:
        checksum = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "no such file"
        if checksum != record["sha256"]:
            raise UserError(f"{file}: expected sha256 {record['sha256']}, found {checksum}.")
    for file, record in pairs:
        shutil.copyfile(file, path(CARD).parent / record["file"])
        print(f"{record['file']}: {record['width']} x {record['height']}, {file.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(str(error))
