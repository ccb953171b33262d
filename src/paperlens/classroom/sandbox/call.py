"""One answer behind the wall as a function on this side: what `paperlens.exercises.judge` calls."""

import builtins
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paperlens.classroom.sandbox import session, wire
from paperlens.classroom.sandbox.limits import Limits
from paperlens.exercises.engine.report import AnswerError

NOT_WRITTEN = "not written yet: it still raises NotImplementedError"
OUT_OF_MEMORY = "ran out of memory"
MOST_CANDIDATES = 5
BASELINE = 400 << 20  # resident bytes of Python and torch themselves, generously
KINDS = frozenset(dir(builtins))


@dataclass(frozen=True, slots=True)
class Found:
    """Which function of the notebook is asked, told before anything of the student's runs."""

    candidates: int  # how many functions may be the answer
    cell: int  # its number among the code cells, from 0
    checked: bool  # a `check` cell hands it over
    stub: bool
    unknown: tuple[str, ...]  # names that it needs and no cell defines


class RemoteAnswer:
    """Calls the answer's function in a guarded process; use it in a `with` block.

    After the judgement `status` is None, or one of forbidden, malformed, crashed, memory, timeout; `sentence` then
    says what happened in words of ours alone, and `notes` holds what the answer was seen trying.
    """

    def __init__(self, nursery: session.Nursery, task: Mapping[str, Any], limits: Limits) -> None:
        self.limits = limits
        self.status: str | None = None
        self.sentence = ""
        self.notes: list[str] = []
        self.number = 0
        self.found: Found | None = None
        self.failed = ""  # the kind of exception that a cell raised which the answer needs
        self.job = nursery.job(limits)
        self._hello()
        try:
            self.job.send(dict(task))
            reply = self._receive()
            match reply:
                case ("found", int(), int(), bool(), bool(), list() | tuple()):
                    self.found = Found(
                        min(reply[1], MOST_CANDIDATES),
                        reply[2],
                        reply[3],
                        reply[4],
                        tuple(printable(str(name))[:40] for name in reply[5][:3]),
                    )
                    reply = self._receive()
            match reply:
                case ("ready", str(problem)):
                    self.failed = problem if problem in KINDS else ""
                    return
                case ("refused", "missing" | "malformed" | "forbidden" | "memory" as status, str(text)):
                    self._stop(status, printable(text))
                case _:
                    self._stop("malformed", "sent a message that no answer sends")
        except (session.GoneError, session.TimeUpError, wire.MalformedError) as error:
            self._fail(error)

    def __enter__(self) -> "RemoteAnswer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.job.end()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The output; what the function did to its arguments is copied back. Raises `AnswerError`."""
        if self.status is not None:
            raise AnswerError(self.sentence, final=True)
        self.number += 1
        try:
            self.job.send((self.number, args, kwargs))
            reply = self._receive()
        except (session.GoneError, session.TimeUpError, wire.MalformedError) as error:
            self._fail(error)
            raise AnswerError(self.sentence, final=True) from None
        match reply:
            case (number, "value", value, None) if number == self.number:
                return value
            case (number, "value", value, (tuple() as changed, dict() as named)) if number == self.number:
                write_back((*args, *kwargs.values()), (*changed, *named.values()))
                return value
            case (number, "returned", str(what)) if number == self.number:
                raise AnswerError(f"returned {returned(what)}, expected a plain torch tensor")
            case (number, "raised", "NotImplementedError", _) if number == self.number:
                raise AnswerError(NOT_WRITTEN, final=True)
            case (number, "raised", str(name), int(line)) if number == self.number:
                raise AnswerError(raised(name, line))
            case (number, "memory") if number == self.number:
                self._stop("memory", OUT_OF_MEMORY)
            case _:
                self._stop("malformed", "sent a message that no answer sends")
        raise AnswerError(self.sentence, final=True)

    def _hello(self) -> None:
        """Before it has read the answer, the guarded process tells whether its walls stand."""
        try:
            greeting = self.job.receive()
        except (session.GoneError, session.TimeUpError, wire.MalformedError) as error:
            greeting = error
        if greeting != ("hello",):
            self.job.end()
            raise session.SandboxError(f"the walls do not stand: {greeting!r}")

    def _receive(self) -> Any:
        """The next message that is not a note."""
        for _ in range(self.limits.messages):
            match self.job.receive():
                case ("note", str(text)):
                    self.notes.append(printable(text)[:80])
                case message:
                    return message
        raise wire.MalformedError("more messages than any answer sends")

    def _fail(self, error: Exception) -> None:
        """No further call is possible: find out why."""
        if isinstance(error, session.TimeUpError):
            self._stop("timeout", f"ran longer than {self.limits.wall:g} seconds. Does a loop never end?")
        elif isinstance(error, wire.MalformedError):
            self._stop("malformed", "sent something that is neither a tensor nor a plain value")
        else:
            self._stop(*verdict(self.job.end(grace=2.0), self.limits))

    def _stop(self, status: str, sentence: str) -> None:
        self.status, self.sentence = status, sentence
        self.job.end()


def verdict(ending: session.Ending, limits: Limits) -> tuple[str, str]:
    """Status and sentence for a process that ended by itself."""
    if ending.signal == signal.SIGSYS:
        return (
            "forbidden",
            "tried what no answer needs (a second process, the network, the system); that is not allowed",
        )
    if ending.cpu >= limits.cpu - 0.5:
        return "timeout", f"used more than {limits.cpu} seconds of processor time. Does a loop never end?"
    if ending.signal and ending.peak > BASELINE + limits.memory // 2:
        return "memory", OUT_OF_MEMORY
    if ending.signal:
        return "crashed", f"its process was ended by signal {ending.signal}"
    return "crashed", f"ended its process (exit code {ending.code}) instead of returning"


def write_back(before: tuple[Any, ...], after: tuple[Any, ...]) -> None:
    """Copy what the answer did to its arguments into the ones it was given."""
    for mine, theirs in zip(before, after, strict=False):
        if isinstance(mine, Tensor) and isinstance(theirs, Tensor):
            with torch.no_grad():
                if mine.shape == theirs.shape and mine.dtype == theirs.dtype:
                    mine.copy_(theirs)
                elif mine.dtype == theirs.dtype:
                    mine.set_(theirs.clone())  # type: ignore[call-overload]
                elif mine.numel():  # another dtype: different in any case
                    mine.copy_(torch.zeros_like(mine) if bool(mine.ne(0).any()) else torch.ones_like(mine))
        elif isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray) and mine.shape == theirs.shape:
            mine[...] = theirs


def raised(name: str, line: int) -> str:
    """The exception without its text: a text of the answer's own could carry the hidden inputs."""
    kind = name if name in KINDS else "an exception of its own"
    if name == "RecursionError":
        return "calls itself without end (RecursionError)"
    if name == "SystemExit":
        return "tried to end Python (sys.exit); return the value instead"
    return f"raised {kind}" + (f" in line {line} of the answer" if 0 < line < 10_000 else "")


def returned(what: str) -> str:
    """The kind of a value that `check` does not take, from a list of our own."""
    known = {
        "sparse": "a sparse, quantised or non-CPU tensor",
        "large": "a tensor far larger than any expected output",
    }
    known |= {
        name: f"a {name}"
        for name in ("list", "dict", "str", "set", "bytes", "ndarray", "Parameter", "generator", "function")
    }
    return known.get(what, "an object")


def printable(text: str) -> str:
    """One line of plain characters."""
    return "".join(c if c.isprintable() else " " for c in text[:300])
