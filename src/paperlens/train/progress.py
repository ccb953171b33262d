"""How far a long loop is: a bar on a terminal and in a notebook; a line every ten seconds where output is a file."""

import os
import sys
from typing import Any

from tqdm import tqdm

SECONDS = 10.0


class Lines:
    """A stream for a bar that is redrawn by a carriage return: each drawing becomes a line of its own."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> None:
        """One drawing, or the blanks and line ends around it, which are left out."""
        if drawn := text.strip("\r\n "):
            self.stream.write(drawn + "\n")

    def flush(self) -> None:
        """Pass on."""
        self.stream.flush()


def progress(total: int, initial: int = 0, disable: bool = False, stream: Any = None, **told: Any) -> Any:
    """A bar of `total` steps on `stream` (None: stderr); `told`: desc and unit, as in tqdm."""
    stream = stream or sys.stderr
    if stream.isatty() or type(stream).__module__.startswith("ipykernel"):
        return tqdm(
            total=total, initial=initial, mininterval=0.5, file=stream, disable=disable or _off(), **told
        )
    return tqdm(
        total=total,
        initial=initial,
        mininterval=SECONDS,
        maxinterval=SECONDS,
        file=Lines(stream),
        ncols=100,
        disable=disable or _off(),
        **told,
    )


def _off() -> bool:
    return bool(os.environ.get("TQDM_DISABLE"))
