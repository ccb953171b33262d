# ruff: noqa: E501  programs and tables read better on one line
"""The same class on a real PostgreSQL, started here as an ordinary user and stopped again."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from people import PSNR, SSIM, answered, hand_in, released

from paperlens import cli

pytestmark = pytest.mark.verify


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The URL of an empty database in a server of its own, reached through a socket in its folder."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert found, "PostgreSQL is not installed; .ci/run installs it (apt-get install postgresql)"
    programs = found[-1].parent
    folder = Path(subprocess.run(["mktemp", "-d"], check=True, capture_output=True, text=True).stdout.strip())
    as_postgres = (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    )
    if as_postgres:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"

    def run(*command: object) -> None:
        subprocess.run(
            [*as_postgres, *map(str, command)], check=True, capture_output=True, cwd=folder, timeout=120
        )

    run(programs / "initdb", "-D", data, "-A", "trust", "-U", "teacher", "--no-sync")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    run(programs / "pg_ctl", "-D", data, "-w", "-o", options, "-l", folder / "log", "start")
    try:
        run(programs / "createdb", "-h", folder, "-U", "teacher", "course")
        yield f"postgresql://teacher@/course?host={folder}"
    finally:
        run(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def test_a_class_on_postgresql(server, tmp_path, capsys):
    root = tmp_path / "course"
    assert cli.main(["class", "new", str(root), "--db", server]) == 0
    assert not (root / "gradebook.db").exists()
    assert cli.main(["class", "release", str(root), "scores"]) == 0
    page = released(root)
    hand_in(tmp_path / "in", "ana", answered(page, PSNR, SSIM))
    hand_in(tmp_path / "in", "ben", answered(page, None, SSIM))
    for command in (["collect", str(root), "scores", str(tmp_path / "in")], ["grade", str(root), "scores"]):
        assert cli.main(["class", *command]) == 0
    assert cli.main(["class", "grade", str(root), "scores", "--regrade"]) == 0
    assert cli.main(["class", "feedback", str(root), "scores"]) == 0
    capsys.readouterr()
    assert cli.main(["class", "export", str(root)]) == 0
    rows = [[line.split(",")[at] for at in (1, 3, 4)] for line in capsys.readouterr().out.splitlines()[1:]]
    assert rows == [["ana", "metrics.psnr", "4"], ["ana", "metrics.ssim", "6"], ["ben", "metrics.psnr", "0"], ["ben", "metrics.ssim", "6"]]  # fmt: skip


def test_a_server_that_is_not_there(tmp_path, capsys):
    assert (
        cli.main(["class", "new", str(tmp_path / "c"), "--db", f"postgresql://me:secret@/x?host={tmp_path}"])
        == 2
    )
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "cannot be used" in told and "secret" not in told
