"""The hostile bank through the commands: nothing forged, nothing leaked, nobody lost, no process left."""

import csv
import io
import os
import sqlite3
from pathlib import Path

import hostile
import people
import psutil
import pytest

from paperlens import cli
from paperlens.classroom import course as courses
from paperlens.classroom.marking import batch
from paperlens.classroom.marking.options import Options
from paperlens.classroom.sandbox import session
from paperlens.classroom.sandbox.limits import Limits

pytestmark = pytest.mark.verify
# A machine that is slow to hand out pages must meet the memory limit, not the clock.
QUICK = Limits(wall=4.0, cpu=2, memory=1 << 28)


@pytest.fixture(scope="module")
def graded(empty_course, tmp_path_factory):
    """The whole bank collected, graded and exported: (course, {student: case}, rows of the export)."""
    import shutil

    root = tmp_path_factory.mktemp("bank") / "course"
    shutil.copytree(empty_course, root)
    folder = root.parent / "submissions"
    cases = {f"s{number:03}": case for number, case in enumerate(hostile.bank(people.released(root)))}
    for student, case in cases.items():
        people.hand_in(folder, student, case.page)
    os.environ["CANARY"] = "canary-environment"
    (root / "secret.txt").write_text("canary-course")
    assert cli.main(["class", "collect", str(root), "scores", str(folder)]) == 0
    course = courses.open_course(root)
    batch.grade(course, course.assignment("scores"), Options(limits=QUICK))
    assert cli.main(["class", "feedback", str(root), "scores"]) == 0
    output = root.parent / "scores.csv"
    assert cli.main(["class", "export", str(root), "-o", str(output)]) == 0
    rows = list(csv.DictReader(io.StringIO(output.read_text(encoding="utf-8-sig"))))
    del os.environ["CANARY"]
    return root, cases, {(row["student"], row["exercise"]): row for row in rows}


def test_nothing_forged_nobody_lost(graded):
    _, cases, rows = graded
    assert len(rows) == 2 * len(cases)
    wrong = []
    for student, case in cases.items():
        psnr, ssim = rows[student, "metrics.psnr"], rows[student, "metrics.ssim"]
        expected = ("4" if case.honest else "0", "6" if case.ssim else "0")
        if psnr["status"] not in case.statuses or (psnr["score"], ssim["score"]) != expected:
            wrong.append(
                (
                    case.name,
                    psnr["status"],
                    psnr["score"],
                    ssim["status"],
                    ssim["score"],
                    case.statuses,
                    expected,
                )
            )
    assert not wrong, "\n".join(map(str, wrong))


def test_nothing_leaked(graded):
    """No secret, no hidden input, no solution in anything that is written for a student or a teacher."""
    root, _, _ = graded
    for folder in ("autograded", "feedback", "journal", "reports", "release"):
        for path in (root / folder).rglob("*"):
            if path.is_file():
                text = path.read_bytes()
                own = (
                    b"canary-input " + b"' +",
                    b"canary-list ' +",
                    b"&#39;canary",
                )  # the answers' own text, quoted
                for each in own:
                    text = text.replace(each, b"")
                assert b"canary-input [" not in text, path
                assert b"canary-list [" not in text, path
                assert b"canary-environment" not in text and b"canary-course" not in text, path
                assert b"canary-solution" not in text or folder == "source", path


def test_no_process_left_and_nothing_written(graded):
    root, _, _ = graded
    session.close()
    left = [
        p.info["cmdline"] for p in psutil.process_iter(["cmdline", "ppid"]) if p.info["ppid"] == os.getpid()
    ]
    assert not [line for line in left if line and "bwrap" in " ".join(line)]
    assert not Path("/tmp/owned").exists()
    assert sqlite3.connect(root / "gradebook.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)
