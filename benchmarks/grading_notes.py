"""What a benchmark of grading writes down: seconds of each round, memory, the machine and the versions."""

import contextlib
import json
import os
import platform
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import psutil

from paperlens.classroom.marking.journal import Journal, Work
from paperlens.classroom.marking.outcome import Outcome

ROOT = Path(__file__).parent.parent


class Clock(Journal):
    """A journal that knows when its first and its last outcome came in: what lies outside is start and gradebook."""

    times: ClassVar[list[float]] = []

    def add(self, work: Work, outcome: Outcome) -> None:
        """As ever."""
        self.times.append(time.perf_counter())
        super().add(work, outcome)


class Memory:
    """The largest resident memory of this process, and of it with all it started, sampled while a run lasts."""

    def __init__(self) -> None:
        self.grader = self.all = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._done.wait(1.0):
            own = me.memory_info().rss
            total = own
            for process in me.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    total += process.memory_info().rss
            self.grader, self.all = max(self.grader, own), max(self.all, total)


class Notes:
    """The measurements, written after each, so that a run that is cut off keeps what it has."""

    def __init__(self, output: Path | None, exercises: int) -> None:
        self.output = output
        self.record: dict[str, Any] = {"exercises": exercises, "machine": machine(), "versions": versions()}
        self.record |= {"began": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "measurements": []}

    def add(self, part: str, system: str, submissions: int, workers: int, run: Callable[[], float]) -> None:
        """Run once, and note the seconds with those of the other rounds."""
        Clock.times.clear()
        with Memory() as memory:
            seconds = run()
        key = {"part": part, "system": system, "submissions": submissions, "workers": workers}
        rows = self.record["measurements"]
        row = next((row for row in rows if key.items() <= row.items()), None)
        if row is None:
            row = {**key, "seconds": [], "marking": [], "grader_mb": [], "all_mb": [], "load": []}
            rows.append(row)
        row["seconds"].append(round(seconds, 3))
        row["marking"].append(round(Clock.times[-1] - Clock.times[0], 3) if Clock.times else None)
        row["grader_mb"].append(memory.grader >> 20)
        row["all_mb"].append(memory.all >> 20)
        row["load"].append(round(os.getloadavg()[0], 2))
        rate = submissions / seconds / workers
        print(f"| {part} | {system}, {workers} | {submissions} | {seconds:.1f} | {rate:.2f} |", flush=True)
        if self.output:
            self.output.write_text(json.dumps(self.record, indent=1) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """What the numbers were made on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    processor = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "unknown")
    memory = round(psutil.virtual_memory().total / 2**30, 1)
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gb": memory,
        "system": platform.system(),
        **priority(),
    }


def priority() -> dict[str, str]:
    """How the kernel was told to treat this against others' work."""
    real_time = os.sched_getscheduler(0) in (os.SCHED_RR, os.SCHED_FIFO)
    return {"priority": "real time" if real_time else f"nice {os.nice(0)}"}


def versions() -> dict[str, str]:
    """Of everything that takes part."""
    found = {
        name: version(name)
        for name in ("torch", "numpy", "nbgrader", "nbclient", "distributed", "SQLAlchemy")
    }
    git = ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"]
    return {
        "python": platform.python_version(),
        **found,
        "commit": subprocess.check_output(git, text=True).strip(),
    }
