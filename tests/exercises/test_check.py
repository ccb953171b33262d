# ruff: noqa: PLW0108  a lambda around a function is one of the things to try
"""Whatever is handed to `check` ends as a short report in a few seconds; nothing of it reaches the notebook."""

import builtins
import contextlib
import functools
import os
import subprocess
import sys
import tempfile
import threading
import time
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import paperlens.metrics
from paperlens.exercises import all_exercises, check
from paperlens.exercises.engine.report import Report


def right(x, y, r):
    return (10 * torch.log10(r**2 / ((x - y) ** 2).mean((1, 2, 3)))).mean()


class Weird(BaseException):
    def __str__(self):
        raise RuntimeError("no text")


class EndlessError(Exception):
    def __str__(self):  # noqa: PLE0307
        while True:
            pass


class Liar(Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True

    def __repr__(self):
        raise SystemExit

    @property
    def __class__(self):
        return Tensor


class BadMeta(type):
    def __getattribute__(cls, name):
        raise RuntimeError(name)


class Strange(metaclass=BadMeta):
    pass


class Chaotic:
    def __getattribute__(self, name):
        raise SystemExit(name)

    def __call__(self, x, y, r):
        return self


def loop(x, y, r):
    while True:
        pass


def stubborn_loop(x, y, r):
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.001)


def sleep(x, y, r):
    time.sleep(10**6)


def recursion(x, y, r):
    return recursion(x, y, r)


def deep_recursion(x, y, r):
    sys.setrecursionlimit(10**6)
    return torch.sum(deep_recursion(x, y, r))


def raises(error):
    def function(x, y, r):
        raise error

    return function


def modifies(x, y, r):
    value = right(x, y, r)
    x.zero_()
    return value


def resizes(x, y, r):
    value = right(x, y, r)
    x.unsqueeze_(0)
    return value


def moves_away(x, y, r):
    os.chdir(tempfile.gettempdir())
    torch.set_default_dtype(torch.float16)
    torch.manual_seed(0)
    raise ValueError("gone")


def prints(x, y, r):
    for _ in range(100):
        print("noise " * 100)
        print("noise", file=sys.stderr)
    return torch.tensor(1.0, dtype=x.dtype)


def stub(prediction, target, data_range):
    raise NotImplementedError("metrics.psnr: fill this in")


HOSTILE = {
    "None": lambda x, y, r: None,
    "text": lambda x, y, r: "20 dB",
    "long text": lambda x, y, r: "x" * 10**7,
    "number": lambda x, y, r: 20.0,
    "nan": lambda x, y, r: right(x, y, r) * torch.nan,
    "wrong shape": lambda x, y, r: x,
    "wrong dtype": lambda x, y, r: right(x, y, r).half(),
    "complex": lambda x, y, r: right(x, y, r).to(torch.complex128),
    "tuple": lambda x, y, r: (right(x, y, r),),
    "nested": lambda x, y, r: [[[[right(x, y, r)]]]],
    "dictionary": lambda x, y, r: {"psnr": right(x, y, r)},
    "numpy": lambda x, y, r: np.float64(20),
    "lying tensor": lambda x, y, r: right(x, y, r).as_subclass(Liar),
    "lying object": lambda x, y, r: Chaotic(),
    "strange class": lambda x, y, r: Strange(),
    "parameter": lambda x, y, r: torch.nn.Parameter(right(x, y, r)),
    "sparse": lambda x, y, r: x.to_sparse(),
    "meta": lambda x, y, r: x.to("meta"),
    "huge": lambda x, y, r: x[0, 0, 0, 0].expand(10**6, 10**6),
    "allocation": lambda x, y, r: torch.ones(10**9, 10**9),
    "type name": lambda x, y, r: type("a\nb\nc\nd\ne\nf" * 1000, (), {})(),
    "loop": loop,
    "stubborn loop": stubborn_loop,
    "sleep": sleep,
    "recursion": recursion,
    "deep recursion": deep_recursion,
    "exception": raises(ValueError("bad\nvalue\n" * 1000)),
    "exception without text": raises(Weird()),
    "exception with endless text": raises(EndlessError()),
    "base exception": raises(BaseException("x")),
    "keyboard interrupt": raises(KeyboardInterrupt()),
    "generator exit": raises(GeneratorExit()),
    "stop iteration": raises(StopIteration()),
    "memory": raises(MemoryError()),
    "surrogate": raises(ValueError("\udc80\udcff\x00\x1b[2J")),
    "traceback": raises(ValueError("Traceback (most recent call last):\n  File x")),
    "group": raises(ExceptionGroup("several", [ValueError(), TypeError()])),
    "sys.exit": lambda x, y, r: sys.exit(0),
    "quit": lambda x, y, r: getattr(builtins, "quit", sys.exit)(),
    "stub": stub,
    "too few parameters": lambda: None,
    "too many parameters": lambda a, b, c, d: None,
    "builtin": len,
    "class": dict,
    "modifies": modifies,
    "resizes": resizes,
    "moves away": moves_away,
    "prints": prints,
    "generator": lambda x, y, r: (v for v in x),
    "coroutine function": types.coroutine(lambda x, y, r: (yield)),
    "random": lambda x, y, r: right(x, y, r) + torch.rand((), dtype=x.dtype),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_end_as_a_short_failed_report(name, capfd, monkeypatch):
    if name != "loop":  # one waits for the whole deadline; the others need not
        monkeypatch.setattr(sys.modules["paperlens.exercises.engine.check"], "SECONDS", 1.5)
    folder, dtype, streams = Path.cwd(), torch.get_default_dtype(), (sys.stdout, sys.stderr)
    limit, generator = sys.getrecursionlimit(), torch.get_rng_state()
    start = time.monotonic()
    report = check("metrics.psnr", HOSTILE[name])
    assert time.monotonic() - start < 10
    out, err = capfd.readouterr()
    assert report.passed is False
    assert report.results
    assert all(
        type(r.name) is str and type(r.passed) is bool and type(r.message) is str for r in report.results
    )
    assert all(r.message for r in report.results if not r.passed)
    assert report.misconception is None or type(report.misconception) is str
    assert 1 <= len(out.splitlines()) <= 4
    assert "Traceback" not in out
    assert "log10(r" not in out
    assert err == ""
    assert (folder, dtype, streams) == (Path.cwd(), torch.get_default_dtype(), (sys.stdout, sys.stderr))
    assert limit == sys.getrecursionlimit()
    assert torch.equal(generator, torch.get_rng_state())


@pytest.mark.parametrize("exercise", all_exercises(siblings=True), ids=lambda e: e.id)
def test_every_untouched_stub_fails_kindly(exercise, capsys):
    namespace = {}
    exec(
        f"def f({exercise.parameters}):\n    raise NotImplementedError('{exercise.id}: write it')", namespace
    )
    report = check(exercise.id, namespace["f"])
    assert report.passed is False
    assert "not written yet" in report.results[0].message
    assert len(report.results) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


class Callable:
    __slots__ = ()

    def __call__(self, x, y, r):
        return right(x, y, r)

    def method(self, x, y, r):
        return right(x, y, r)

    def __reduce__(self):
        raise TypeError("not picklable")


def _without_source():
    namespace = {"torch": torch}
    exec(
        "def psnr(x, y, r):\n return (10 * torch.log10(r**2 / ((x - y)**2).mean((1, 2, 3)))).mean()",
        namespace,
    )
    return namespace["psnr"]


@pytest.mark.parametrize(
    "function",
    [
        right,
        lambda *a: right(*a),
        functools.partial(right),
        functools.partial(lambda scale, x, y, r: right(x, y, r), 1.0),
        Callable(),
        Callable().method,
        _without_source(),
        functools.lru_cache(right),
        torch.no_grad()(right),
        lambda x, y, r: right(x.requires_grad_(), y, r),
        lambda x, y, r: print("debugging") or right(x, y, r),
    ],
    ids=str,
)
def test_any_callable_will_do(function, capsys):
    report = check("metrics.psnr", function)
    assert report.passed is True, str(report)
    assert capsys.readouterr().out.splitlines() == [str(report)]


def _imports(x, y, r):
    from paperlens.metrics import psnr

    return psnr(x, y, r)


def _imports_by_name(x, y, r):
    import importlib

    return importlib.import_module("paperlens.metrics").psnr(x, y, r)


solution = paperlens.metrics.psnr


def _helper(x, y, r):
    return solution(x, y, r)


class Solver:
    def __init__(self, function):
        self.function = function

    def __call__(self, x, y, r):
        return self.function(x, y, r)


def _closure(function):
    return lambda x, y, r: function(x, y, r)


@pytest.mark.parametrize(
    "function",
    [
        paperlens.metrics.psnr,
        lambda x, y, r: paperlens.metrics.psnr(x, y, r),
        lambda x, y, r: solution(x, y, r),
        lambda x, y, r: _helper(x, y, r),
        lambda x, y, r, f=solution: f(x, y, r),
        functools.partial(solution),
        _closure(solution),
        _closure(_helper),
        _imports,
        _imports_by_name,
        Solver(solution),
    ],
    ids=range(11),
)
def test_an_answer_that_uses_paperlens_is_refused_with_a_sentence(function):
    report = check("metrics.psnr", function)
    assert report.passed is False
    assert "uses paperlens itself" in report.results[0].message


@pytest.mark.parametrize(
    "name", ["metric.psnr", "psnr", "metrics.pnsr", "", "x" * 10**6, None, 3, right, "a\nb\n" * 9]
)
def test_an_unknown_exercise_gets_a_sentence(name, capsys):
    report = check(name, right)
    assert report.passed is False
    assert report.results[0].message
    assert len(capsys.readouterr().out.splitlines()) <= 4
    if isinstance(name, str) and "ps" in name:
        assert "metrics.psnr" in report.results[0].message


@pytest.mark.parametrize("function", [None, 3, "psnr", torch.ones(2), Report])
def test_what_is_no_function_gets_a_sentence(function):
    report = check("metrics.psnr", function)
    assert report.passed is False
    assert report.results[0].message


def test_checks_run_side_by_side_in_other_threads():
    reports = []
    streams = sys.stdout, sys.stderr
    threads = [
        threading.Thread(target=lambda f=f: reports.append((f is right, check("metrics.psnr", f).passed)))
        for f in (right, prints, right, raises(ValueError()))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 4
    assert all(passed is expected for expected, passed in reports)
    assert streams == (sys.stdout, sys.stderr)


def test_a_closed_or_narrow_console_is_no_error(monkeypatch):
    class Narrow:
        encoding = "ascii"

        def write(self, text):
            text.encode("ascii")
            return len(text)

        def flush(self):
            pass

    class Closed(Narrow):
        def write(self, text):
            raise ValueError("I/O operation on closed file")

    for stream in (Narrow(), Closed(), None):
        monkeypatch.setattr(sys, "stdout", stream)
        assert check("metrics.psnr", raises(ValueError("päd \u4e2d"))).passed is False


def test_an_abandoned_answer_does_not_keep_python_alive():
    code = "from paperlens.exercises import check\nimport time\ncheck('metrics.psnr', lambda *a: time.sleep(1e6))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0
    assert "Ran longer than" in done.stdout
    assert done.stderr == ""


def test_a_notebook_shows_the_report_once(monkeypatch, capsys):
    import IPython

    class Shell:
        execution_count = 3

    shell = Shell()
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    report = check("metrics.psnr", right)
    report._ipython_display_()
    assert capsys.readouterr().out == f"{report}\n"
    shell.execution_count = 4
    report._ipython_display_()
    assert capsys.readouterr().out == f"{report}\n"
