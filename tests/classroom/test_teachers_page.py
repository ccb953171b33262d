# ruff: noqa: E501, PTH202
"""The teachers' page by the letter: its own lines are run, in a shell, with nothing but what they install on the path."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from paperlens.classroom import command

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "book" / "teachers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def test_the_install_lines_put_the_command_on_the_path_and_name_what_is_needed():
    lines = BLOCKS[0]
    assert all(
        name in lines.splitlines()[0] for name in ("bubblewrap", "libseccomp2", "git", "make", "python3-venv")
    )
    assert (
        lines.index("python3 -m venv .venv")
        < lines.index(". .venv/bin/activate")
        < lines.index("pip install")
    )
    assert BLOCKS[1].strip() == "make class"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^class:  ##", makefile, re.MULTILINE), (
        "make class must not install over the environment just made"
    )


def test_every_option_that_the_page_names_exists(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    told = capsys.readouterr().out
    for name in command.HELP:
        with pytest.raises(SystemExit):
            command.main([name, "--help"])
        told += capsys.readouterr().out
    for option in set(
        re.findall(r"`?(--[a-z][a-z-]+)", "\n".join(line for line in PAGE.splitlines() if "pip" not in line))
    ):
        assert option in told, option
    chapters = {path.name for path in (ROOT / "chapters").iterdir()}
    assert set(re.findall(r"\b\d\d_[a-z]+\b", told + PAGE)) <= chapters


@pytest.mark.verify
def test_the_lines_of_a_class_run_as_they_stand(tmp_path):
    """A bare shell: the environment's programs as `activate` puts them on the path, and the page's own lines."""
    path = f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    environment = {
        "PATH": path,
        "HOME": str(tmp_path),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT / "src"),
    }
    lines = BLOCKS[2].splitlines()

    def shell(line):
        done = subprocess.run(
            ["sh", "-ec", line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    for line in lines[:2]:
        shell(line)
    released = tmp_path / "mycourse/release/00_start/00_start.ipynb"
    source = json.loads((tmp_path / "mycourse/source/00_start/00_start.ipynb").read_text())
    for student, text in (("ana", json.dumps(source)), ("ben", released.read_text())):
        (tmp_path / "submissions" / student).mkdir(parents=True)
        (tmp_path / "submissions" / student / "00_start.ipynb").write_text(text)
    told = "".join(shell(line) for line in lines[2:])
    assert "ana: " in told and "ben: " in told
    table = (tmp_path / "scores.csv").read_text(encoding="utf-8-sig").splitlines()
    marks = {
        student: [line.split(",")[4:7] for line in table if f",{student}," in line]
        for student in ("ana", "ben")
    }
    assert marks["ana"] and all(score == possible for score, possible, _ in marks["ana"]), (
        "the solutions get all points"
    )
    assert all(score == "0" for score, _, _ in marks["ben"])
    assert (tmp_path / "mycourse/reports/00_start.html").exists()
    assert os.path.getsize(tmp_path / "mycourse/feedback/ben/00_start/00_start.html") > 1000
