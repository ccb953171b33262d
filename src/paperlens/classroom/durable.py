"""Files that survive a kill: written beside, synced, then renamed into place."""

import json
import os
from pathlib import Path
from typing import Any


def write(path: Path, data: str | bytes, mode: int = 0o640, *, sync: bool = True) -> None:
    """Replace `path` as a whole or not at all. Without `sync` that holds for a kill, not for a loss of power:
    whoever writes thousands calls `os.sync` once at the end.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name[:80]}.{os.getpid()}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_json(path: Path, value: Any, *, sync: bool = True) -> None:
    """As `write`, readable by a person."""
    write(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n", sync=sync)
