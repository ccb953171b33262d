"""`paperlens book ...` and `make` answer in words; JupyterLab is told to be quiet."""

import errno
import json
import os
import platform
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from paperlens import cli
from paperlens.errors import UserError
from paperlens.site import command
from paperlens.site.chapters.source import read_all
from paperlens.site.pages import assemble, pdf
from paperlens.site.places import Places
from paperlens.site.serve import lab
from paperlens.site.serve.server import server

ROOT = Path(__file__).parent.parent.parent


def test_student_notebooks_are_written(tiny: Places, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["book", "student"]) == 0
    assert str(tiny.build / "student") in capsys.readouterr().out
    assert (tiny.build / "student" / "00_tiny.ipynb").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["execute", "huge"], "no chapter is called 'huge'"), (["serve"], "run `make book` first")],
)
def test_a_mistake_is_one_sentence(
    tiny: Places, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert cli.main(["book", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1


def test_a_full_disk_is_one_sentence(
    tiny: Places, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device", "build/student/00_tiny.ipynb")

    monkeypatch.setattr(assemble, "write", full)
    assert cli.main(["book", "student"]) == 2
    assert "the disk is full at build/student/00_tiny.ipynb" in capsys.readouterr().err


def test_every_action_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--help"])
    told = capsys.readouterr().out
    assert all(name in told for name in command.ACTIONS)


def test_the_lab_is_quiet_and_leaves_the_users_settings_alone(tiny: Places) -> None:
    student = lab.command(tiny, tiny.work, 8888, author=False, browser=False)
    settings = json.loads((tiny.build / "lab" / "student" / "overrides.json").read_text("utf-8"))
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert "@jupyterlab/docmanager-extension:plugin" not in settings, "a student's README opens as text"
    assert f"--ServerApp.root_dir={tiny.work}" in student
    lab.command(tiny, tiny.chapters, 8888, author=True, browser=False)
    settings = json.loads((tiny.build / "lab" / "author" / "overrides.json").read_text("utf-8"))
    viewers = settings["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers == {"markdown": "Jupytext Notebook"}


def test_a_student_meets_no_menu_of_nbgrader(tiny: Places) -> None:
    """JupyterLab itself says which extensions it would load under our settings."""
    lab.command(tiny, tiny.work, 8888, author=False, browser=False)
    page = json.loads((tiny.build / "lab" / "student" / "page_config.json").read_text("utf-8"))
    assert page["disabledExtensions"] == {"@jupyter/nbgrader": True}
    code = (
        "from jupyter_server.serverapp import ServerApp\n"
        "app = ServerApp.instance()\n"
        "app.initialize(['--allow-root', '--log-level=CRITICAL'], new_httpserver=False)\n"
        "print([name for name, found in app.extension_manager.extensions.items() if found.enabled])\n"
    )
    loaded = {}
    for said in ({}, lab.without_grading(tiny)):
        done = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | said, capture_output=True, text=True, check=True
        )
        loaded[bool(said)] = done.stdout
    assert "nbgrader" in loaded[False], "installed here, so that the test means something"
    assert "nbgrader" not in loaded[True] and "jupyterlab" in loaded[True]


def test_the_lab_takes_the_next_free_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < lab.free_port(port) < port + 10


def test_the_first_notebook_leads_to_the_others(tiny: Places) -> None:
    name = assemble.start_here(read_all(tiny), tiny)
    notebook = json.loads((tiny.work / name).read_text("utf-8"))
    assert "(00_tiny.ipynb)" in "".join(notebook["cells"][0]["source"])
    version = notebook["metadata"]["language_info"]["version"]
    assert version == platform.python_version(), "else JupyterLab marks it as changed on opening"


WITHOUT = (
    "sphinx",
    "myst_nb",
    "nbclient",
    "nbgrader",
    "bs4",
    "dask",
    "distributed",
    "pytest",
    "selenium",
    "jupyterhub",
)


def test_the_lab_needs_the_course_extra_alone(tiny: Places) -> None:
    """What `make lab` does before JupyterLab starts, where only the extra `course` is installed."""
    code = (
        "import sys\n"
        f"for name in {WITHOUT!r}: sys.modules[name] = None\n"
        "from paperlens.site.places import here\n"
        "from paperlens.site.chapters.source import read_all\n"
        "from paperlens.site.pages import assemble\n"
        "from paperlens.site.serve import lab\n"
        "chapters = read_all(here())\n"
        "assemble.students(chapters, here()); assemble.start_here(chapters, here()); assemble.copies(here())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-800:]
    assert (tiny.work / "00_tiny.ipynb").is_file()


def test_the_server_answers_a_missing_page_with_the_books_own(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("home", encoding="utf-8")
    (tmp_path / "404.html").write_text("not here", encoding="utf-8")
    with server(tmp_path) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{running.server_address[1]}"
        assert urllib.request.urlopen(f"{base}/").read() == b"home"
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(f"{base}/a/b.html")
        assert (missing.value.code, missing.value.read()) == (404, b"not here")
        with pytest.raises(UserError, match="is taken"):
            server(tmp_path, running.server_address[1])
        running.shutdown()


def test_no_chromium_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf.shutil, "which", lambda _: None)
    monkeypatch.setattr(pdf, "MAC", Path("/nowhere/Chrome"))
    with pytest.raises(UserError, match="none is installed"):
        pdf.browser()


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no make; README gives the same lines without it"
)
def test_make_alone_prints_the_list() -> None:
    done = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("book", "test", "verify", "lab", "check", "serve", "pdf"):
        assert f"make {target} " in done.stdout


@pytest.mark.verify
@pytest.mark.browser
def test_the_book_prints(site: Path) -> None:
    target = pdf.pdf(Places(ROOT, derived=ROOT / "build" / "test"), "smoke")
    assert target.read_bytes().startswith(b"%PDF-") and target.stat().st_size > 100_000
