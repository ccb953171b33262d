# ruff: noqa: E501  programs and tables read better on one line
"""A grader that is killed at any moment loses nothing and repeats nothing."""

import json
import os
import random
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from people import PSNR, SSIM, WRONG_PSNR, answered, hand_in

from paperlens import cli
from paperlens.classroom import course as courses
from paperlens.classroom.marking import batch
from paperlens.classroom.marking.journal import Journal, Work
from paperlens.classroom.marking.options import Options
from paperlens.classroom.marking.outcome import Outcome, nothing
from paperlens.classroom.sandbox import session
from paperlens.classroom.sandbox.limits import Limits

ANSWERS = [
    (PSNR, SSIM),
    (WRONG_PSNR, SSIM),
    (PSNR, None),
    ("import os\nos._exit(1)", SSIM),
    ("def psnr(", SSIM),
    (PSNR, "1/0\n" + SSIM),
]
MOMENTS = 50


def outcome(score: float = 4.0) -> Outcome:
    return Outcome(exercise="metrics.psnr", status="graded", score=score, possible=4.0, lines=("a", "b"))


def test_the_journal_survives_a_torn_line(tmp_path):
    path, work = tmp_path / "j.jsonl", Work("ana", "1", "metrics.psnr")
    with Journal(path) as journal:
        journal.begin()
        seed = journal.seed
        journal.add(work, outcome())
    whole = path.read_bytes()
    for cut in range(1, 60, 7):
        path.write_bytes(whole + whole.splitlines()[-1][:cut])
        with Journal(path) as journal:
            assert journal.done == {work: outcome()} and journal.seed == seed
            journal.begin()  # goes on with the same run
            journal.add(Work("ben", "1", "metrics.psnr"), outcome(0.0))
        assert [json.loads(line) for line in path.read_text().splitlines()][-1]["student"] == "ben"


def test_a_run_that_ended_is_followed_by_fresh_seeds(tmp_path):
    with Journal(tmp_path / "j.jsonl") as journal:
        journal.begin()
        first = journal.exercise_seed("metrics.psnr")
        assert first != journal.exercise_seed("metrics.ssim")
        journal.add(Work("ana", "1", "metrics.psnr"), nothing("metrics.psnr", 4, "missing", "x"))
        journal.end()
        journal.begin()
        assert journal.exercise_seed("metrics.psnr") != first and journal.done
        journal.end()
        journal.begin(regrade=True)
        assert not journal.done and journal.outcomes


def marks(course: Path) -> list[tuple]:
    """What the gradebook says, without its random ids."""
    query = """SELECT sa.student_id, sa.timestamp, bc.name, g.auto_score, g.manual_score, g.needs_manual_grade FROM grade g
        JOIN submitted_notebook sn ON g.notebook_id = sn.id JOIN submitted_assignment sa ON sn.assignment_id = sa.id
        JOIN base_cell bc ON g.cell_id = bc.id ORDER BY 1, 3"""
    return sqlite3.connect(course / "gradebook.db").execute(query).fetchall()


def graded_works(course: Path) -> list[tuple[str, str]]:
    path = course / "journal" / "scores.jsonl"
    lines = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] if path.exists() else []
    return [(line["student"], line["outcome"]["exercise"]) for line in lines if "outcome" in line]


def grade(course: Path) -> None:
    opened = courses.open_course(course)
    batch.grade(opened, opened.assignment("scores"), Options(limits=Limits(wall=6.0, cpu=3)))


@pytest.fixture
def collected(course, notebook, tmp_path):
    for number in range(6):
        path = hand_in(tmp_path / "in", f"s{number:02}", answered(notebook, *ANSWERS[number % len(ANSWERS)]))
        os.utime(path, (1.7e9, 1.7e9))
    assert cli.main(["class", "collect", str(course), "scores", str(tmp_path / "in")]) == 0
    return course


@pytest.mark.verify
def test_killed_at_fifty_moments(collected, tmp_path):
    """Each time the grader is killed somewhere; run again and again, it ends with the gradebook of an undisturbed run."""
    import shutil

    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(collected, undisturbed)
    start = time.monotonic()
    grade(undisturbed)
    took = time.monotonic() - start
    expected = marks(undisturbed)
    random_ = random.Random(20_261_121)
    nursery = session.nursery()
    killed = 0
    while killed < MOMENTS:
        trial = tmp_path / f"trial{killed}"
        shutil.copytree(collected, trial)
        while killed < MOMENTS:  # several kills of one batch, until it ends by itself
            child = os.fork()
            if child == 0:
                session._nursery[:] = [nursery]  # the warmed one, so that fifty kills take minutes
                try:
                    grade(trial)
                finally:
                    os._exit(0)
            ends = time.monotonic() + random_.uniform(0.0, took * 0.8)
            done = (0, 0)
            while time.monotonic() < ends and done == (0, 0):
                done = os.waitpid(child, os.WNOHANG)
                time.sleep(0.002)
            if done != (0, 0):
                break
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            killed += 1
            works = graded_works(trial)
            assert len(works) == len(set(works)), "something was graded twice"
        grade(trial)
        assert marks(trial) == expected
        assert (
            sorted(set(graded_works(trial))) == sorted(graded_works(trial)) and len(graded_works(trial)) == 12
        )
        shutil.rmtree(trial)


def test_killed_once(collected):
    """The short form: killed after the first journalled exercises, then finished."""
    nursery = session.nursery()
    child = os.fork()
    if child == 0:
        session._nursery[:] = [nursery]
        try:
            grade(collected)
        finally:
            os._exit(0)
    while len(graded_works(collected)) < 3:
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    before = graded_works(collected)
    grade(collected)
    assert graded_works(collected)[: len(before)] == before
    assert len(set(graded_works(collected))) == len(graded_works(collected)) == 12
    assert [row[3] for row in marks(collected)].count(6.0) == 5
