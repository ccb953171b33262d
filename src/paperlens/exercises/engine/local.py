"""Call a student's function in this process so that nothing it does reaches the notebook.

The function runs in a thread of its own with a large stack and one deadline for all its calls. A loop is
interrupted by an exception injected into the thread; what ignores even that is left behind as a daemon. This
protects a student from a slip, not a class from a cheat: that is what the sandbox of the classroom is for.
"""

from __future__ import annotations

import contextlib
import ctypes
import linecache
import os
import queue
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import torch
from torch import Tensor

from paperlens.exercises.engine.compare import kind, type_name
from paperlens.exercises.engine.refuse import written_in
from paperlens.exercises.engine.report import AnswerError, one_line

STACK_SIZES = (256 * 2**20, 64 * 2**20, 0)
LARGEST_OUTPUT = 2**24
DEEPEST = 20_000
NOT_WRITTEN = (
    "not written yet: it still raises NotImplementedError. Fill in the cell, run it, then check again"
)
_starting = threading.Lock()


class LocalCall:
    """Calls `function` under one deadline for all calls; every failure is an `AnswerError`."""

    def __init__(self, function: Callable[..., Any], seconds: float) -> None:
        self.function = function
        self.seconds = seconds
        self.ends = time.monotonic() + seconds
        self.late = False
        self.jobs: queue.SimpleQueue[tuple[tuple[Any, ...], dict[str, Any]] | None] = queue.SimpleQueue()
        self.outcomes: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.resources = contextlib.ExitStack()

    def __enter__(self) -> LocalCall:
        self.thread = _start(self._work)
        self.resources.enter_context(_silenced(self.thread.ident or 0))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.jobs.put(None)
        if not self.late:
            self.thread.join(0.2)
            _interrupt(self.thread)
        self.resources.close()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function's output as plain data of our own."""
        if not self.late:
            with _process_state():
                self.jobs.put((args, kwargs))
                outcome = self._wait()
        if self.late:
            raise AnswerError(f"ran longer than {self.seconds:g} seconds. Does a loop never end?", final=True)
        if isinstance(outcome, AnswerError):
            raise outcome
        return outcome

    def _wait(self) -> Any:
        """The outcome, or None with `late` set."""
        limit = sys.getrecursionlimit()
        try:
            return self.outcomes.get(timeout=max(0.0, self.ends - time.monotonic()))
        except queue.Empty:
            self.late = True
            _interrupt(self.thread)
            return None
        finally:
            # Python aborts when the limit falls below the depth of a running thread, so only behind its back.
            if sys.getrecursionlimit() != limit and not (self.late and self.thread.is_alive()):
                sys.setrecursionlimit(limit)

    def _work(self) -> None:
        with contextlib.suppress(BaseException):
            while (job := self.jobs.get()) is not None:
                args, kwargs = job
                try:
                    value = self.function(*args, **kwargs)
                except BaseException as error:  # a student's SystemExit must not end the notebook
                    self.outcomes.put(_describe(error, self.function))
                else:
                    self.outcomes.put(_plain(value))


def _start(target: Callable[[], None]) -> threading.Thread:
    """A daemon with the largest stack this machine grants, so that deep recursion ends as an exception."""
    with _starting:
        before = threading.stack_size()
        for size in STACK_SIZES:
            thread = threading.Thread(target=target, name="paperlens-answer", daemon=True)
            try:
                threading.stack_size(size)
                thread.start()
            except (ValueError, RuntimeError):
                continue
            finally:
                threading.stack_size(before)
            return thread
    raise AnswerError("this machine starts no further thread, so nothing could be checked", final=True)


def _interrupt(thread: threading.Thread, seconds: float = 0.6) -> None:
    """Raise SystemExit inside the thread until it ends; code that swallows it so long is left behind."""
    ends = time.monotonic() + seconds
    identity = ctypes.c_ulong(thread.ident or 0)
    while thread.is_alive() and time.monotonic() < ends:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, ctypes.py_object(SystemExit))
        thread.join(0.05)


def _plain(value: Any) -> Any:
    """A copy that the student's code cannot reach; what is no plain value becomes an `AnswerError`."""
    if type(value) is Tensor:
        if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized:
            return AnswerError(
                "returned a sparse, quantised or non-CPU tensor; expected an ordinary one on the CPU"
            )
        if value.numel() > LARGEST_OUTPUT:
            return AnswerError(f"returned {kind(value)}, far larger than any expected output")
        return value.detach().resolve_conj().resolve_neg().clone()
    if type(value) is tuple and len(value) <= 16:
        items = tuple(_plain(item) for item in value)
        return next((item for item in items if isinstance(item, AnswerError)), items)
    if value is None or type(value) in (bool, int, float, complex):
        return value
    return AnswerError(f"returned {kind(value)}", returned=kind(value))


def _describe(error: BaseException, function: Callable[..., Any]) -> AnswerError:
    """The exception in one sentence with the line that raised it; asking for its text runs the student's code again."""
    if issubclass(type(error), NotImplementedError):
        return AnswerError(NOT_WRITTEN, final=True)
    if issubclass(type(error), RecursionError):
        return AnswerError("calls itself without end (RecursionError)", final=True)
    if issubclass(type(error), SystemExit):
        return AnswerError("tried to end Python (sys.exit); return the value instead")
    try:
        text = str(error)
    except BaseException:
        text = ""
    text = "" if type(text) is not str or "Traceback" in text else one_line(text.strip(), 160)
    place = _place(error, function)
    return AnswerError(f"raised {one_line(type_name(error), 60)}{place}" + (f": {text}" if text else ""))


def _place(error: BaseException, function: Callable[..., Any]) -> str:
    """` in line 3, "scores = q @ k"`: the last line of the student's own that took part."""
    home, place = written_in(function), ""
    trace = BaseException.__dict__["__traceback__"].__get__(error)
    while trace is not None:
        if trace.tb_frame.f_globals is home and trace.tb_frame.f_globals is not globals():
            line = linecache.getline(trace.tb_frame.f_code.co_filename, trace.tb_lineno).strip()
            place = f" in line {trace.tb_lineno}" + (f", `{one_line(line, 70)}`" if line else "")
        trace = trace.tb_next
    return place


@contextlib.contextmanager
def _process_state() -> Iterator[None]:
    """Put back what a function can change for the whole process."""
    folder, dtype = _folder(), torch.get_default_dtype()
    torch_state, python_state = torch.get_rng_state(), random.getstate()
    try:
        yield
    finally:
        if _folder() != folder and folder is not None:
            os.chdir(folder)
        if torch.get_default_dtype() != dtype:
            torch.set_default_dtype(dtype)
        torch.set_rng_state(torch_state)
        random.setstate(python_state)


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109  Path.cwd() is os.getcwd() and raises alike
    except OSError:
        return None


class _Muted:
    """A stream that drops what silenced threads write and hands on the rest."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        if threading.get_ident() in _silent:
            return len(text)
        return int(self.stream.write(text) or 0)

    def flush(self) -> None:
        if threading.get_ident() not in _silent:
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


_silent: set[int] = set()
_streams: dict[str, Any] = {}


@contextlib.contextmanager
def _silenced(thread: int) -> Iterator[None]:
    """Guard `sys` while answers run.

    What that thread prints is dropped, for a `print` in a loop would bury the report's four lines; and the
    recursion limit is capped, for a million frames take longer to unwind than anybody waits.
    """
    with _starting:
        if not _silent:
            for name in ("stdout", "stderr"):
                _streams[name] = getattr(sys, name)
                setattr(sys, name, _Muted(_streams[name]))
            limit = _streams["setrecursionlimit"] = sys.setrecursionlimit
            sys.setrecursionlimit = lambda depth: limit(min(depth, DEEPEST))
        _silent.add(thread)
    try:
        yield
    finally:
        with _starting:
            _silent.discard(thread)
            if not _silent:
                for name, stream in _streams.items():
                    setattr(sys, name, stream)
