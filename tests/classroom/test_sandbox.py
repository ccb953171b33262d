# ruff: noqa: E501  programs and tables read better on one line
"""What an answer finds around itself, and what becomes of its process."""

import os
import signal
import time

import psutil
import pytest
import torch

from paperlens.classroom.sandbox import call, launch, session, view
from paperlens.classroom.sandbox.limits import Limits
from paperlens.errors import UserError
from paperlens.exercises import AnswerError

QUICK = Limits(wall=5.0, cpu=2, memory=1 << 28)


def ask(code: str, *args, limits: Limits = QUICK):
    """Run `f` of this code behind the wall on the arguments."""
    task = {"cells": [code], "marked": [0], "attempt": 0, "exercise": "x.f", "function": "f"}
    with call.RemoteAnswer(session.nursery(), task, limits) as answer:
        if answer.status:
            return answer.status
        return answer(*args)


def test_a_call_crosses_the_wall():
    x = torch.randn(3, 4, dtype=torch.float64)
    assert torch.equal(ask("def f(x, n): return x.T * n", x, 2), x.T * 2)
    assert ask("def f(x): return (x, 1, 2.5, None, True)", 3) == (3, 1, 2.5, None, True)


def test_changed_inputs_come_back():
    x = torch.zeros(3)
    ask("def f(x): x[1] = 7", x)
    assert x.tolist() == [0, 7, 0]
    ask("def f(x): x.resize_(1)", x)
    assert x.shape == (1,)


FACTS = """
import ctypes, os, struct
def f(what):
    if what == "capabilities":
        head, sets = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0)), ctypes.create_string_buffer(24)
        assert ctypes.CDLL(None).capget(head, sets) == 0
        return float(sum(sets.raw))
    if what == "user": return os.getuid()
    if what == "process": return os.getpid()
    if what == "files": return float(len([n for n in range(64) if not closed(n)]))
    if what == "course": return any("paper" + "lens" in p + "".join(d + f) for p, d, f in os.walk("/"))
    if what == "packages": return len(set(os.listdir("/site")) & {"nbgrader", "dask", "distributed", "IPython", "matplotlib"})
    if what == "proc": return os.path.exists("/proc/self")
    if what == "environment": return len(set(os.environ) - {"LD_LIBRARY_PATH", "HOME", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "PWD", "LC_CTYPE", "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"})
    if what == "writable": return float(len([p for p in ("/", "/py", "/site/torch", "/worker", "/dev", "/usr") if os.access(p, os.W_OK) and not refuses(p)]))
    if what == "threads": return torch.get_num_threads()
def closed(n):
    try: os.fstat(n)
    except OSError: return True
def refuses(p):
    try: open(p + "/x", "w").close()
    except OSError: return True
"""


@pytest.mark.parametrize(
    ("what", "expected"),
    [("capabilities", 0.0), ("process", 1), ("files", 4.0), ("course", False), ("packages", 0), ("proc", False),
     ("environment", 0), ("writable", 0.0), ("threads", 1)],
)  # fmt: skip
def test_the_room_is_bare(what, expected):
    assert ask(FACTS, what) == expected


def test_root_does_not_run_answers_as_root():
    uid = ask(FACTS, "user")
    assert uid == (launch.UNPRIVILEGED if os.geteuid() == 0 else os.getuid())


def test_nothing_of_one_answer_reaches_the_next():
    ask("import os\ndef f(): open('left', 'w').write('x'); torch.left = 1; return 1")
    assert ask("import os\ndef f(): return (os.path.exists('left'), hasattr(torch, 'left'))") == (
        False,
        False,
    )


@pytest.mark.parametrize(
    ("code", "status"),
    [("import os\ndef f(): os.fork()", "forbidden"), ("import os\ndef f(): os._exit(0)", "crashed"),
     ("def f():\n    while True: pass", "timeout"), ("import time\ndef f(): time.sleep(99)", "timeout"),
     ("def f(): return torch.zeros(10**12)", "memory"), ("def f():\n    x = []\n    while True: x.append(bytearray(10**7))", "memory"),
     ("import os\ndef f(): os.write(3, b'x' * 12)", "malformed")],
)  # fmt: skip
def test_endings(code, status):
    task = {"cells": [code], "marked": [0], "attempt": 0, "exercise": "x.f", "function": "f"}
    with call.RemoteAnswer(session.nursery(), task, Limits(wall=3.0, cpu=1, memory=200 << 20)) as answer:
        with pytest.raises(AnswerError):
            answer()
        assert answer.status == status
        with pytest.raises(AnswerError):  # final: no second chance
            answer()


def inner_processes() -> list[psutil.Process]:
    return psutil.Process(session.nursery().process.pid).children(recursive=True)


def settled(expected: int) -> bool:
    """Whether so many processes are left, soon."""
    deadline = time.monotonic() + 10
    while len(inner_processes()) != expected and time.monotonic() < deadline:
        time.sleep(0.02)
    return len(inner_processes()) == expected


def test_a_grader_that_hangs_up_leaves_no_process():
    session.nursery()
    assert settled(2)  # bubblewrap's first process and the nursery
    task = {"cells": ["def f(): pass"], "marked": [0], "attempt": 0, "exercise": "x.f", "function": "f"}
    answer = call.RemoteAnswer(session.nursery(), task, QUICK)
    assert settled(3)  # and a guarded process
    answer.job.data.close()
    answer.job.life.close()
    assert settled(2)


def test_a_dead_nursery_is_replaced(monkeypatch):
    old = session.nursery()
    for process in [*inner_processes(), psutil.Process(old.process.pid)]:
        process.send_signal(signal.SIGKILL)
    old.process.wait()
    with pytest.raises(session.SandboxError):
        ask("def f(): return 1")
    session.restart()
    assert ask("def f(): return 1") == 1


def test_missing_bubblewrap_is_a_sentence(monkeypatch):
    monkeypatch.setattr(launch.shutil, "which", lambda *_, **__: None)
    with pytest.raises(UserError, match=r"bwrap is missing.*apt-get install bubblewrap.*--unsafe"):
        launch.command(0)


def test_forbidden_namespaces_are_a_sentence(monkeypatch):
    monkeypatch.setattr(
        launch,
        "command",
        lambda _: ["/bin/sh", "-c", "echo 'bwrap: No permissions to create new namespace' >&2; exit 1"],
    )
    with pytest.raises(UserError, match=r"No permissions to create new namespace.*user namespaces"):
        session.Nursery()


def test_the_view_holds_six_files_of_ours():
    ours = [inside for source, inside in view.binds() if "classroom" in source]
    assert len(ours) == 6 and all(inside.startswith("/worker/sandbox/") for inside in ours)
    assert not [source for source, _ in view.binds() if source.endswith("site-packages")]
