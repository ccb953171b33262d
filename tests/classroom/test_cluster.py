"""Dask: the same outcomes on two workers, a killed worker's work done elsewhere, a scheduler of somebody else's."""

import os
import signal
import threading
import time

import pytest
from people import PSNR, SSIM, WRONG_PSNR, answered, hand_in
from test_resume import graded_works, marks

from paperlens import cli
from paperlens.classroom.marking import cluster


@pytest.fixture
def collected(course, notebook, tmp_path):
    for number in range(12):
        hand_in(
            tmp_path / "in", f"s{number:02}", answered(notebook, PSNR if number % 3 else WRONG_PSNR, SSIM)
        )
    assert cli.main(["class", "collect", str(course), "scores", str(tmp_path / "in")]) == 0
    return course


def scores(course) -> list[float]:
    return [row[3] for row in marks(course)]


EXPECTED = [
    0.0 if number % 3 == 0 and cell == 0 else (4.0, 6.0)[cell] for number in range(12) for cell in (0, 1)
]


@pytest.mark.verify
def test_two_workers_one_of_them_killed(collected):
    """A worker is killed in the middle; the batch ends with the right scores, each exercise once."""
    import psutil

    def kill_one() -> None:
        deadline = time.monotonic() + 120
        while len(graded_works(collected)) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        workers = [
            p for p in psutil.Process().children(recursive=True) if "spawn_main" in " ".join(p.cmdline())
        ]
        os.kill(workers[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    assert cli.main(["class", "grade", str(collected), "scores", "--workers", "2"]) == 0
    killer.join()
    assert scores(collected) == EXPECTED
    assert len(graded_works(collected)) == len(set(graded_works(collected))) == 24


@pytest.mark.verify
def test_a_scheduler_of_somebody_elses(collected):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as place:
        address = place.scheduler_address
        assert cli.main(["class", "grade", str(collected), "scores", "--scheduler", address]) == 0
    assert scores(collected) == EXPECTED


def test_a_worker_and_its_sandbox_keep_to_one_core(monkeypatch):
    asked = []
    monkeypatch.setattr(cluster, "_pinned", [])
    monkeypatch.setattr("distributed.get_worker", type("W", (), {"name": 1}))
    monkeypatch.setattr(cluster.os, "sched_getaffinity", lambda _: {4, 7})
    monkeypatch.setattr(cluster.os, "sched_setaffinity", lambda thread, cores: asked.append(cores))
    cluster.pin()
    assert asked and all(cores == {7} for cores in asked)
