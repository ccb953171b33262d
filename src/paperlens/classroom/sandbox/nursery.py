"""The warmed parent: imports torch once, then forks a guarded process for every answer. It never sees one.

For each job the grader sends two sockets. `data` goes to the process that will run the answer; `life` stays here: when
it closes that process is killed, and how it ended is told on it. Neither answer nor input passes through the nursery:
there is nothing in its memory, or in the memory of the next fork, that a student could look for.
"""

import base64
import contextlib
import gc
import json
import os
import select
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

# Relative, because inside the sandbox there is no package of the course's name.
from . import walls, worker

WRITABLE = "/tmp"


def main(control_number: str, filter_text: str) -> None:
    """Wait for jobs on the inherited control socket until it closes."""
    control = socket.socket(fileno=int(control_number))
    program = base64.b64decode(filter_text)
    worker.warm_up()
    gc.collect()
    gc.freeze()  # the collector must not touch, and so copy, the pages that all forks share
    mapped = walls.address_space()
    control.send(b"warm")
    wards = Wards(lambda limits, data: guarded(limits, data, program, mapped))
    wards.watch.register(control, select.POLLIN)
    while True:
        for number, _ in wards.watch.poll():
            if number != control.fileno():
                wards.look_after(number)
                continue
            message, sockets, _, _ = socket.recv_fds(control, 1 << 16, 2)
            if not message:
                return  # all guarded processes die with this one
            wards.start(json.loads(message), *sockets)


@dataclass(frozen=True, slots=True)
class Ward:
    """A guarded process: its number, a descriptor that tells when it ends, the socket that tells when it must."""

    process: int
    ended: int
    life: socket.socket


class Wards:
    """All guarded processes: started, killed when the grader lets go of `life`, and told of when they have ended."""

    def __init__(self, guarded: Callable[[dict[str, int], int], NoReturn]) -> None:
        self.guarded = guarded
        self.watch = select.poll()
        self.by_descriptor: dict[int, Ward] = {}

    def start(self, limits: dict[str, int], data: int, life_number: int) -> None:
        """Fork one; a job that cannot start fails, the next may not."""
        life = socket.socket(fileno=life_number)
        try:
            process = walls.fork_tree()
            if process == 0:
                try:  # whatever an answer makes the worker raise, it never comes back into this loop
                    self.guarded(limits, data)
                finally:
                    os._exit(1)
            ward = Ward(process, os.pidfd_open(process), life)
        except OSError as error:
            tell(life, {"failed": str(error)})
            return
        finally:
            os.close(data)
        for descriptor in (ward.ended, life.fileno()):
            self.by_descriptor[descriptor] = ward
            self.watch.register(descriptor, select.POLLIN)

    def look_after(self, descriptor: int) -> None:
        """One of the two descriptors of a ward has something to say."""
        ward = self.by_descriptor.get(descriptor)
        if ward is None:
            # Both spoke at once, and the other was heard first. No new ward can have these numbers already: `control`
            # was registered first, so that `poll` lists it before them.
            return
        if descriptor != ward.ended:
            os.kill(ward.process, signal.SIGKILL)
        _, status, usage = os.wait4(ward.process, 0)
        for number in (ward.ended, ward.life.fileno()):
            self.watch.unregister(number)
            del self.by_descriptor[number]
        os.close(ward.ended)
        ending = {
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak": usage.ru_maxrss * 1024,
        }
        tell(ward.life, ending)


def tell(life: socket.socket, words: dict[str, Any]) -> None:
    """The last words on a job; the grader may be gone."""
    with life, contextlib.suppress(OSError):
        life.send(json.dumps(words).encode())


def guarded(limits: dict[str, int], data: int, program: bytes, mapped: int) -> NoReturn:
    """Put up every wall, and only then read the answer."""
    number = walls.keep_only(data)
    connection = socket.socket(fileno=number)
    try:
        walls.die_with_parent()
        walls.leave_namespaces()
        os.setsid()  # or kill(0, ...) would reach the nursery, which is in this process group
        walls.private_disk(WRITABLE, limits["disk"])
        os.chdir(WRITABLE)
        walls.limit(limits, mapped)
        walls.drop_rights()
        walls.filter_calls(program)
    except BaseException as error:
        worker.Channel(connection).send(("failed", str(error)))
        os._exit(1)
    worker.serve(connection)
    os._exit(0)
