"""The warmed parent: imports torch once, then forks a guarded process for every answer. It never sees one.

For each job the grader sends two sockets. `data` goes to the process that will run the answer; `life` to its warden,
who kills that process when `life` closes and tells how it ended. Neither answer nor input passes through the nursery,
so that there is nothing in its memory, or in the memory of the next fork, that a student could look for.
"""

import base64
import gc
import json
import os
import select
import signal
import socket
from typing import NoReturn

# Relative, because inside the sandbox there is no package of the course's name.
from . import kernel, worker

WRITABLE = "/tmp"


def main(control_number: str, filter_text: str) -> None:
    """Wait for jobs on the inherited control socket until it closes."""
    control = socket.socket(fileno=int(control_number))
    program = base64.b64decode(filter_text)
    worker.warm_up()
    gc.collect()
    gc.freeze()  # the collector must not touch, and so copy, the pages that all forks share
    mapped = kernel.address_space()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # wardens report to the grader themselves; leave no zombies
    control.send(b"warm")
    while True:
        message, sockets, _, _ = socket.recv_fds(control, 1 << 16, 2)
        if not message:
            return
        try:
            if os.fork() == 0:
                control.close()
                warden(json.loads(message), *sockets, program=program, mapped=mapped)
        except OSError as error:  # no memory for a fork: this job fails, the next may not
            socket.socket(fileno=os.dup(sockets[1])).send(json.dumps({"failed": str(error)}).encode())
        for number in sockets:
            os.close(number)


def warden(limits: dict[str, int], data: int, life_number: int, *, program: bytes, mapped: int) -> NoReturn:
    """Start the guarded process and stay until it has ended; kill it when the grader lets go of `life`."""
    life = socket.socket(fileno=life_number)
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        kernel.die_with_parent()
        kernel.leave_namespaces()
        answer = os.fork()  # process 1 of the new tree: when it ends, the kernel ends everything in there
        if answer == 0:
            guarded(limits, data, program, mapped)
        os.close(data)
        watch = select.poll()
        watch.register(life, select.POLLIN | select.POLLHUP)
        process = os.pidfd_open(answer)
        watch.register(process, select.POLLIN)
        if all(number != process for number, _ in watch.poll()):
            os.kill(answer, signal.SIGKILL)
        _, status, usage = os.wait4(answer, 0)
        ending = {
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak": usage.ru_maxrss * 1024,
        }
        life.send(json.dumps(ending).encode())
    except OSError as error:
        life.send(json.dumps({"failed": str(error)}).encode())
    finally:
        os._exit(0)


def guarded(limits: dict[str, int], data: int, program: bytes, mapped: int) -> NoReturn:
    """Put up every wall, and only then read the answer."""
    number = kernel.keep_only(data)
    connection = socket.socket(fileno=number)
    try:
        kernel.die_with_parent()
        os.setsid()  # or kill(0, ...) would reach the nursery, which is in this process group
        kernel.private_disk(WRITABLE, limits["disk"])
        os.chdir(WRITABLE)
        kernel.limit(limits, mapped)
        kernel.drop_rights()
        kernel.filter_calls(program)
    except BaseException as error:
        worker.Channel(connection).send(("failed", str(error)))
        os._exit(1)
    worker.serve(connection)
    os._exit(0)
