"""Disks that are full or may not be written: one sentence, nothing lost, and the same command finishes later."""

import csv
import io
import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest
from people import NAME, PSNR, SSIM, answered, hand_in

from paperlens import cli

pytestmark = pytest.mark.skipif(
    shutil.which("mount") is None or os.geteuid() != 0,
    reason="only root can make a small or read-only disk here",
)
PAGE = 4096


@contextmanager
def mounted(place, *options):
    subprocess.run(["mount", *options, place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def run(*arguments) -> int:
    return cli.main(["class", *map(str, arguments)])


def says(capsys, *arguments) -> str:
    capsys.readouterr()
    assert run(*arguments) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("paperlens: ")
    return line


def scores(capsys, course) -> dict[tuple[str, str], str]:
    capsys.readouterr()
    assert run("export", course, "--format", "csv") == 0
    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    return {(row["student"], row["exercise"]): row["score"] for row in rows}


def fill(disk, *, pages: int):
    """Take all room but so many pages."""
    status = os.statvfs(disk)
    (disk / "ballast").write_bytes(bytes((status.f_bavail * status.f_frsize // PAGE - pages) * PAGE))
    return disk / "ballast"


@pytest.fixture
def disk(empty_course, tmp_path):
    """The course alone on a disk of 3 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    with mounted(place, "-t", "tmpfs", "-o", "size=3m", "small"):
        shutil.copytree(empty_course, place / "course")
        yield place


@pytest.fixture
def arrived(notebook, tmp_path):
    for student in ("ada", "ben"):
        hand_in(tmp_path / "in", student, answered(notebook, PSNR, SSIM))
    return tmp_path / "in"


RIGHT = {("ada", "metrics.psnr"): "4", ("ada", "metrics.ssim"): "6"}
RIGHT |= {("ben", exercise): points for (_, exercise), points in RIGHT.items()}


def test_collecting_onto_a_full_disk(disk, arrived, capsys):
    ballast = fill(disk, pages=1)
    assert "disk is full" in says(capsys, "collect", disk / "course", "scores", arrived)
    ballast.unlink()
    assert run("collect", disk / "course", "scores", arrived) == 0
    assert run("grade", disk / "course", "scores") == 0
    assert scores(capsys, disk / "course") == RIGHT


@pytest.mark.parametrize("pages", [0, 1, 3])
def test_grading_onto_a_full_disk(disk, arrived, capsys, pages):
    """No room for the journal; for the journal, not for the gradebook; for both, not for the marked notebooks."""
    course = disk / "course"
    assert run("collect", course, "scores", arrived) == 0
    ballast = fill(disk, pages=pages)
    assert "disk is full" in says(capsys, "grade", course, "scores")
    ballast.unlink()
    capsys.readouterr()
    assert run("grade", course, "scores") == 0
    assert scores(capsys, course) == RIGHT
    assert len(list((course / "autograded").glob(f"*/scores/{NAME}.ipynb"))) == 2


def test_feedback_onto_a_full_disk(disk, arrived, capsys):
    course = disk / "course"
    assert run("collect", course, "scores", arrived) == 0
    assert run("grade", course, "scores") == 0
    ballast = fill(disk, pages=2)
    assert "disk is full" in says(capsys, "feedback", course, "scores")
    ballast.unlink()
    assert run("feedback", course, "scores") == 0
    assert len(list((course / "feedback").glob("*/scores/*.html"))) == 2


def test_a_read_only_exchange_is_collected_from(course, notebook, tmp_path, capsys):
    inbound = tmp_path / "exchange" / "course" / "inbound"
    for student in ("ada", "ben"):
        page = answered(notebook, PSNR, SSIM)
        hand_in(inbound, f"{student}+scores+2026-11-20 10:00:00.000000 UTC+x", page)
    exchange = tmp_path / "exchange"
    with mounted(exchange, "--bind", exchange):
        subprocess.run(["mount", "-o", "remount,ro,bind", exchange], check=True)
        assert run("collect", course, "scores", exchange) == 0
        assert run("grade", course, "scores") == 0
    assert scores(capsys, course) == RIGHT


@pytest.mark.parametrize("command", ["collect", "grade", "feedback"])
def test_a_read_only_course_is_a_sentence(course, arrived, capsys, command):
    assert run("collect", course, "scores", arrived) == 0
    if command == "feedback":
        assert run("grade", course, "scores") == 0
    with mounted(course, "--bind", course):
        subprocess.run(["mount", "-o", "remount,ro,bind", course], check=True)
        hand_in(arrived, "cem", "{}")
        more = [arrived] if command == "collect" else []
        line = says(capsys, command, course, "scores", *more)
        assert "read-only" in line or "readonly" in line, line
    assert run("collect", course, "scores", arrived) == 0
    assert run("grade", course, "scores") == 0
    assert {key: score for key, score in scores(capsys, course).items() if key[0] != "cem"} == RIGHT
