"""Where built things wait for the next run: PAPERLENS_CACHE, or the user's cache folder."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paperlens.data.files import write


def cache_folder() -> Path:
    """The folder, made if missing: PAPERLENS_CACHE, else XDG_CACHE_HOME/paperlens, else ~/.cache/paperlens."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paperlens"
    folder = Path(os.environ.get("PAPERLENS_CACHE") or user)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def stored(name: str, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
    """The array kept under `name` in the cache folder; made and kept where it is missing or unreadable."""
    file = cache_folder() / f"{name}.npy"
    try:
        return np.asarray(np.load(file))
    except (FileNotFoundError, EOFError, ValueError):
        pass  # never written, or cut short by a full disk: make it again
    array = make()
    file.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    np.save(content, array)
    write(file, content.getvalue(), sync=False)
    return array
