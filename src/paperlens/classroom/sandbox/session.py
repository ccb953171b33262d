"""The trusted side: a nursery per grading process, a job per answer, and a function call that crosses the wall."""

import atexit
import json
import os
import select
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from paperlens.classroom.sandbox import launch, wire
from paperlens.classroom.sandbox.limits import Limits
from paperlens.errors import UserError

START_SECONDS = 120.0
GRACE_SECONDS = 10.0


class SandboxError(Exception):
    """The walls or the nursery failed, not the answer: the exercise must be run again."""


class TimeUpError(Exception):
    """The answer used its wall time."""


class GoneError(Exception):
    """The answer's process hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a guarded process ended, told by the nursery."""

    signal: int = 0
    code: int = 0
    cpu: float = 0.0  # seconds
    peak: int = 0  # bytes of resident memory


class Nursery:
    """A warmed parent inside bubblewrap."""

    def __init__(self) -> None:
        self.control, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the process that writes it
        allowed = os.sched_getaffinity(0)
        self.core = idlest(allowed)
        with inner, running_on({self.core}, then=allowed):
            self.process = subprocess.Popen(
                launch.command(inner.fileno()),
                env={},  # bubblewrap's own environment could be read from inside
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.errors,
                pass_fds=[inner.fileno()],
            )
        self.control.settimeout(START_SECONDS)
        try:
            warm = self.control.recv(16)
        except OSError:
            warm = b""
        if warm != b"warm":
            self.close()
            raise UserError(self.explanation())

    def explanation(self) -> str:
        """Why it did not start, and the way out."""
        self.errors.seek(0)
        said = self.errors.read(4000).decode("utf-8", "replace").strip().splitlines() or [
            "it ended without a word"
        ]
        return (
            f"the sandbox does not start here ({said[-1]}). It needs unprivileged user namespaces: allow them for "
            "bwrap (on Ubuntu an AppArmor profile, in Docker --security-opt seccomp=unconfined), or grade your own "
            "trusted files with --unsafe"
        )

    def job(self, limits: Limits) -> "Job":
        """Fork one guarded process."""
        (data, data_inside), (life, life_inside) = socket.socketpair(), socket.socketpair()
        with data_inside, life_inside:
            try:
                sent = [data_inside.fileno(), life_inside.fileno()]
                socket.send_fds(self.control, [json.dumps(limits.inside()).encode()], sent)
            except OSError as error:
                data.close()
                life.close()
                raise SandboxError(f"the nursery is gone ({error})") from error
        return Job(data, life, limits)

    def close(self) -> None:
        """End it and everything in it."""
        self.control.close()
        try:
            self.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Job:
    """One guarded process: messages on `data`, its life on `life`."""

    def __init__(self, data: socket.socket, life: socket.socket, limits: Limits) -> None:
        self.data = data
        self.life = life
        self.limits = limits
        self.left = limits.wall
        self.ending: Ending | None = None

    def send(self, value: Any) -> None:
        """Send one message; the judge's own values always fit."""
        self.patiently(lambda: self.data.sendall(wire.encode(value)))

    def receive(self) -> Any:
        """The next message. Raises `wire.MalformedError`, `GoneError` or `TimeUpError`."""
        head, body = wire.lengths(bytes(self.read(wire.PREFIX.size)))
        return wire.decode(bytes(self.read(head)), self.read(body))

    def read(self, size: int) -> bytearray:
        """Exactly `size` bytes."""
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            count = self.patiently(lambda: self.data.recv_into(view))  # noqa: B023  called at once
            if count == 0:
                raise GoneError
            view = view[count:]
        return buffer

    def patiently(self, act: Callable[[], Any]) -> Any:
        """Do it, and count the waiting against the answer's wall time."""
        if self.left <= 0:
            raise TimeUpError
        self.data.settimeout(self.left)
        start = time.monotonic()
        try:
            return act()
        except TimeoutError:
            raise TimeUpError from None
        except OSError:
            raise GoneError from None
        finally:
            self.left -= time.monotonic() - start

    def end(self, grace: float = 0.0) -> Ending:
        """Wait `grace` seconds for the process to end by itself, kill it, and tell how it ended."""
        if self.ending is None:
            self.data.close()
            self.ending = self.last_words(grace)
            self.life.close()
        return self.ending

    def last_words(self, grace: float) -> Ending:
        """What the nursery reports, after it was told to kill if need be."""
        ready, _, _ = select.select([self.life], [], [], grace)
        if not ready:
            self.life.shutdown(socket.SHUT_WR)  # the nursery sees it, kills, and reports
        self.life.settimeout(GRACE_SECONDS)
        try:
            words = json.loads(self.life.recv(4096) or b"{}")
        except (OSError, ValueError):
            words = {"failed": "no word from the nursery"}
        if "failed" in words:
            raise SandboxError(words["failed"])
        return Ending(**words)


@contextmanager
def running_on(cores: set[int], then: set[int]) -> Iterator[None]:
    """What this thread starts in here runs on these cores."""
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, then)


def idlest(cores: set[int]) -> int:
    """Of these cores, the one that has least to do at the moment."""
    if len(cores) == 1:
        return min(cores)
    busy = dict(enumerate(psutil.cpu_percent(0.1, percpu=True)))
    return min(cores, key=lambda core: busy.get(core, 100.0))


_nursery: list[Nursery] = []


def nursery() -> Nursery:
    """This process's nursery, started at the first call."""
    if not _nursery:
        _nursery.append(Nursery())
    return _nursery[0]


def restart() -> Nursery:
    """A new nursery, after the old one failed."""
    close()
    return nursery()


def close() -> None:
    """End this process's nursery, if there is one."""
    while _nursery:
        _nursery.pop().close()


def check() -> None:
    """Raise the sentence for a machine that lacks what the sandbox needs, without starting it."""
    launch.command(0)


atexit.register(close)
os.register_at_fork(after_in_child=_nursery.clear)  # a forked grader starts its own
