"""The hub of `deploy/` with real accounts: who may read what, fetch and submit, grading by an ordinary user."""

import csv
import io
import json
import os
import signal
import stat
import subprocess

import hub
import machine
import people
import pytest

pytestmark = [
    pytest.mark.verify,
    pytest.mark.skipif(os.geteuid() != 0, reason="makes and removes user accounts, which only root may"),
]
COURSE = "lens"
PAPERLENS = machine.BIN / "paperlens"


@pytest.fixture(scope="module")
def users():
    with machine.Machine("teacher", "ada", "ben") as made:
        yield made


@pytest.fixture(scope="module")
def exchange(users):
    folder = users.folder / "exchange"
    folder.mkdir()
    folder.chmod(0o1777)  # as deploy/README.md says
    return folder


@pytest.fixture(scope="module")
def course(users, exchange):
    """The teacher's course, released to the exchange; the teacher is an ordinary user."""
    root = users.home("teacher") / COURSE
    teach(users, "class", "new", root, "--exchange", exchange)
    teach(users, "class", "release", root, "scores")
    done = users.run("teacher", machine.BIN / "nbgrader", "release_assignment", "scores", cwd=root)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="module")
def running(users, exchange):
    hub.install_proxy()
    with hub.Hub(users, exchange) as made:
        yield made


@pytest.fixture(scope="module")
def students(running, course):
    """Two students, each with a server of their own, who have fetched, answered and submitted."""
    browsers = {name: running.login(name) for name in ("ada", "ben")}
    what = {"course_id": COURSE, "assignment_id": "scores"}
    for name, psnr in (("ada", people.PSNR), ("ben", people.WRONG_PSNR)):
        browser = browsers[name]
        assert browser.welcome, running.told()
        browser.start()
        fetched = browser.ask("POST", "assignments/fetch", params=what)
        assert fetched.ok and fetched.json()["success"], fetched.text
        path = f"api/contents/scores/{people.NAME}.ipynb"
        page = browser.ask("GET", path).json()["content"]
        answered = people.answered(page, psnr, people.SSIM)
        saved = browser.ask("PUT", path, json={"type": "notebook", "content": answered})
        assert saved.ok, saved.text
        submitted = browser.ask("POST", "assignments/submit", params=what)
        assert submitted.ok and submitted.json()["success"], submitted.text
    return browsers


def teach(users, *arguments) -> str:
    done = users.run("teacher", PAPERLENS, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_wrong_password_is_not_let_in(running):
    assert not running.login("ada", "guessed").welcome


def test_each_server_runs_as_its_user_and_answers_nobody_else(students, users):
    ada, ben = students["ada"], students["ben"]
    home = ada.ask("GET", "api/contents/scores").json()
    assert [one["name"] for one in home["content"]] == [f"{people.NAME}.ipynb"]
    kept = users.home("ada") / "scores" / f"{people.NAME}.ipynb"
    assert kept.owner() == users.users["ada"]
    assert ben.ask("GET", "api/contents/scores", whose=ada.account).status_code == 403


def test_a_student_reads_neither_submissions_nor_source_nor_gradebook(students, users, exchange, course):
    inbound = exchange / COURSE / "inbound"
    assert len(list(inbound.iterdir())) == 2
    forbidden = (
        ("ls", inbound),
        ("cat", course / "source" / "scores" / f"{people.NAME}.ipynb"),
        ("cat", course / "gradebook.db"),
        ("ls", course),
        ("cat", users.home("ada") / "scores" / f"{people.NAME}.ipynb"),
        ("rm", "-rf", exchange / COURSE / "outbound" / "scores"),
        ("rm", "-rf", exchange / COURSE),
    )
    for command in forbidden:
        done = users.run("ben", *command)
        assert done.returncode != 0 and "Permission denied" in done.stderr, (command, done)
    # A submission can be found by its whole name alone; nine random bytes of it nobody knows.
    names = [path.name.split("+") for path in inbound.iterdir()]
    assert all(len(parts) == 4 and len(parts[3]) == 12 for parts in names)
    assert stat.S_IMODE(inbound.stat().st_mode) & 0o444 == 0o400


def test_an_ordinary_teacher_collects_and_grades(students, users, exchange, course):
    told = teach(users, "class", "collect", course, "scores", exchange)
    assert "collected 2 submissions" in told
    teach(users, "class", "grade", course, "scores", "--workers", "2")
    rows = csv.DictReader(io.StringIO(teach(users, "class", "export", course, "--format", "csv")))
    scores = {(row["student"], row["exercise"]): (row["score"], row["status"]) for row in rows}
    ada, ben = users.users["ada"], users.users["ben"]
    assert scores == {
        (ada, "metrics.psnr"): ("4", "graded"),
        (ada, "metrics.ssim"): ("6", "graded"),
        (ben, "metrics.psnr"): ("0", "graded"),
        (ben, "metrics.ssim"): ("6", "graded"),
    }


def test_a_link_brings_the_chapters(students, running, users, tmp_path):
    """The link of deploy/README.md, followed by a student who is logged in; the repository is served here."""
    bare = repository(tmp_path)
    port = users.port()
    daemon = ["git", "daemon", "--export-all", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}"]
    server = subprocess.Popen([*daemon, f"--base-path={bare.parent}"], start_new_session=True)
    ada = students["ada"]
    told = {
        "repo": f"git://127.0.0.1:{port}/paperlens.git",
        "branch": "main",
        "urlpath": "lab/tree/paperlens/chapters/00_start/00_start.ipynb",
    }
    try:
        page = ada.web.get(f"{running.url}/hub/user-redirect/git-pull", params=told, timeout=hub.PATIENCE)
        assert page.ok and page.url.startswith(f"{running.url}/user/{ada.account}/git-pull?"), page.url
        pulled = ada.ask("GET", "git-pull/api", params={**told, "targetpath": "paperlens"})
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
    assert '"phase": "finished"' in pulled.text, pulled.text
    arrived = users.home("ada") / "paperlens" / "chapters" / "00_start" / "00_start.ipynb"
    assert json.loads(arrived.read_text()) == {"cells": []} and arrived.owner() == ada.account


def repository(folder):
    """A repository with one chapter."""
    place = folder / "work"
    path = place / "chapters" / "00_start" / "00_start.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text('{"cells": []}')
    who = ["-c", "user.name=course", "-c", "user.email=course@localhost"]
    bare = folder / "paperlens.git"
    for command in (
        ["init", "-q", "-b", "main", place],
        ["-C", place, "add", "."],
        ["-C", place, *who, "commit", "-q", "-m", "a chapter"],
        ["clone", "-q", "--bare", place, bare],
    ):
        subprocess.run(["git", *command], check=True)
    return bare
