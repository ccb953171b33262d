"""Loaded first in a chapter's kernel: notes which modules it imports and which shipped files it reads.

Each finding is one line in a file, written at once, so that a kernel that dies loses nothing.
"""

import os
import sys
from pathlib import Path


def start(log: str, data: str) -> None:
    """Watch imports, `open` and `paperlens.data.path`; it cannot be undone.

    Imports are seen by a finder that finds nothing: importlib.import_module, by which catalogues import, raises no
    audit event.
    """
    data = os.path.realpath(data) + os.sep
    seen: set[str] = set()

    def note(line: str) -> None:
        if line not in seen:
            seen.add(line)
            descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(descriptor, f"{line}\n".encode())
            os.close(descriptor)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in ("open", "paperlens.data.path") and isinstance(arguments[0], str):
            found = os.path.realpath(arguments[0])
            if found.startswith(data):
                note(f"data {found[len(data) :]}")

    class Watcher:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:
            if name.startswith("paperlens."):
                note(f"module {name}")

    sys.meta_path.insert(0, Watcher)
    sys.addaudithook(hook)


def read(log: Path) -> tuple[list[str], list[str]]:
    """The modules and the shipped files (relative to data/) that a run noted."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    pairs = [line.partition(" ")[::2] for line in lines]
    return [name for kind, name in pairs if kind == "module"], [
        name for kind, name in pairs if kind == "data"
    ]
