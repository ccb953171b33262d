"""Files of other people's: parsed in a child process, because a hostile HDF5 can crash its library.

One warmed child (`opener.py`) serves many files. It has limits on memory, processor time and on writing; the
parent adds a deadline, kills a child that crashed or hangs, and starts another for the next file. What comes
back is JSON and raw numbers of a size checked beforehand, never pickles. Every refusal is one sentence that
names the file and the field.
"""

import atexit
import json
import math
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paperlens.errors import UserError

SECONDS = 30.0  # for a file's header; reading its numbers gets SLOWEST on top
SLOWEST = 5e6  # bytes a second: below any disk or network drive that is worth using
MEMORY = 3 << 30
MAX_BYTES = 4 << 30
MAX_LINE = 1 << 16
DTYPES = ("<f4", "<c8")


class RefusedError(UserError):
    """One sentence: which file, which field, what was expected and what was found."""

    def __init__(self, path: Path, field: str, sentence: str) -> None:
        super().__init__(f"{str(path)!r}, {field}: {sentence}.")
        self.path, self.field = path, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the child found: facts, as plain JSON, and the array where one was asked for."""

    facts: dict[str, Any]
    array: NDArray[Any] | None


class Opener:
    """A child process and its limits; safe among threads, and in a process forked from its owner."""

    def __init__(self, seconds: float | int = SECONDS, memory: int = MEMORY) -> None:
        self.seconds, self.memory, self.started = float(seconds), memory, 0
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._waiting = bytearray()

    def ask(self, path: str | Path, kind: str, array: str | None = None) -> Answer:
        """Open a file as `kind` ("nifti" or "fastmri") and take its facts, and the numbers of `array`.

        RefusedError, a UserError, for whatever is wrong with the file.
        """
        path = Path(path)
        if not path.is_file():  # a pipe or device would block; a folder has nothing to read
            raise RefusedError(path, "file", "there is no ordinary file of this name")
        with self._lock:
            self._start()
            at = ["file"]
            try:
                return self._converse(path, {"kind": kind, "path": str(path), "array": array}, at)
            except RefusedError:
                raise
            except TimeoutError:
                self._stop()
                sentence = f"reading it took longer than {self.seconds:g} s allows; it is damaged or hostile"
                raise RefusedError(path, at[0], sentence) from None
            except (OSError, EOFError, ValueError, KeyError, TypeError):
                self._stop()
                sentence = "reading it crashed the library that reads it; it is damaged or hostile"
                raise RefusedError(path, at[0], sentence) from None
            except (
                BaseException
            ):  # Ctrl-C in the middle of an answer: its rest must not meet the next question
                self._stop()
                raise

    def close(self) -> None:
        """End the child; the next question starts another."""
        with self._lock:
            self._stop()

    def _start(self) -> None:
        if self._child is not None and self._owner == os.getpid() and self._child.poll() is None:
            return
        self._stop()
        script = Path(__file__).with_name("opener.py")
        limits = [str(self.memory), str(math.ceil(self.seconds))]
        # -P: without it this folder's statistics.py would stand in for the standard library's. No filter
        # plug-in that a file asks for is loaded, and no thread pool reserves memory against the limit.
        environment = os.environ | {"HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1"}
        self._child = subprocess.Popen(
            [sys.executable, "-P", str(script), *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            bufsize=0,
        )
        self._owner, self.started = os.getpid(), self.started + 1
        self._waiting.clear()
        try:
            self._line(time.monotonic() + 120)  # imports on a busy machine
        except (EOFError, TimeoutError):
            self._stop()
            raise UserError(
                "the process that opens MR files does not start: `pip install paperlens[course]`."
            ) from None

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None or self._owner != os.getpid():
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()

    def _converse(self, path: Path, request: dict[str, Any], at: list[str]) -> Answer:
        assert self._child is not None and self._child.stdin is not None
        deadline = time.monotonic() + self.seconds
        self._child.stdin.write(json.dumps(request).encode() + b"\n")
        message = self._line(deadline)
        while "at" in message:
            at[0] = str(message["at"])
            message = self._line(deadline)
        _raise_error(path, message)
        facts = dict(message["facts"])
        if request["array"] is None:
            return Answer(facts=facts, array=None)
        shape, dtype = [int(n) for n in facts["shape"]], str(facts["dtype"])
        if dtype not in DTYPES or min(shape) < 1 or math.prod(shape) * np.dtype(dtype).itemsize > MAX_BYTES:
            raise ValueError(f"the child announced {shape} of {dtype}")
        array = np.empty(shape, dtype=dtype)
        deadline += array.nbytes / SLOWEST
        for plane in array:
            if self._bytes(1, deadline) != b"p":
                _raise_error(path, self._line(deadline))
            self._fill(memoryview(plane.reshape(-1)).cast("B"), deadline)
        return Answer(facts=facts, array=array)

    def _more(self, most: int, deadline: float) -> bytes:
        assert self._child is not None and self._child.stdout is not None
        pipe = self._child.stdout.fileno()
        if not select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError
        got = os.read(pipe, most)
        if not got:
            raise EOFError
        return got

    def _line(self, deadline: float) -> dict[str, Any]:
        while (end := self._waiting.find(b"\n")) < 0:
            if len(self._waiting) > MAX_LINE:
                raise ValueError("the child's answer has no end")
            self._waiting += self._more(MAX_LINE, deadline)
        line = self._waiting[:end]
        del self._waiting[: end + 1]
        return dict(json.loads(line))

    def _bytes(self, count: int, deadline: float) -> bytes:
        taken = bytearray(count)
        self._fill(memoryview(taken), deadline)
        return bytes(taken)

    def _fill(self, room: memoryview, deadline: float) -> None:
        first = min(len(room), len(self._waiting))
        room[:first] = self._waiting[:first]
        del self._waiting[:first]
        while first < len(room):
            got = self._more(min(len(room) - first, 1 << 20), deadline)
            room[first : first + len(got)] = got
            first += len(got)


@cache
def opener() -> Opener:
    """The process's own opener, ended with it."""
    shared = Opener()
    atexit.register(shared.close)
    return shared


def below(folder: str | Path, ends: tuple[str, ...]) -> list[Path]:
    """Files in the folder and its folders whose names end so, sorted; UserError where there is no such folder.

    Hidden files are none of them: macOS lays a `._x.h5` that is no HDF5 beside every `x.h5` on a foreign disk.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"there is no folder {str(folder)!r}; give the folder that holds the files.")
    found = (f for f in folder.rglob("*") if f.name.endswith(ends) and not f.name.startswith("."))
    return sorted(f for f in found if "__MACOSX" not in f.relative_to(folder).parts)


def magnitudes(path: Path, field: str, values: NDArray[Any]) -> NDArray[Any]:
    """The same values, after the checks that an MR magnitude image must pass; RefusedError names the field."""
    finite(path, field, values)
    low = float(values.min())
    if low < 0:
        raise RefusedError(
            path, field, f"expected magnitudes of at least 0, found {low:g}; this is no MR magnitude image"
        )
    kinds = len(np.unique(values.reshape(-1)[:: max(1, values.size // 100_000)]))
    if kinds <= 12:
        raise RefusedError(
            path, field, f"expected a picture, found {kinds} different values: empty, or a map of labels"
        )
    return values


def finite(path: Path, field: str, values: NDArray[Any]) -> NDArray[Any]:
    """The same values where all are finite and one is not 0."""
    broken = sum(int(np.count_nonzero(~np.isfinite(plane))) for plane in values)
    if broken:
        raise RefusedError(
            path, field, f"expected finite values, found {broken} of {values.size} that are NaN or infinite"
        )
    if not values.any():
        raise RefusedError(path, field, "expected a signal, found zeros alone")
    return values


def _raise_error(path: Path, message: dict[str, Any]) -> None:
    if "error" in message:
        field, sentence = message["error"]
        raise RefusedError(path, str(field), str(sentence))
