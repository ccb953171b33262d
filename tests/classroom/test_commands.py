# ruff: noqa: E501  programs and tables read better on one line
"""The commands from an empty folder to a grade, and what they say when something is wrong."""

import csv
import json
import os
import re
import shutil
import sqlite3
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from people import PSNR, SSIM, WRONG_PSNR, answered, hand_in

from paperlens import cli
from paperlens.exercises import find

COLUMNS = "chapter,student,name,exercise,score,possible,status,late,hand mark,total"


def run(*arguments) -> int:
    return cli.main(["class", *map(str, arguments)])


def says(capsys, *arguments) -> str:
    """The one sentence of a command that refuses."""
    capsys.readouterr()
    assert run(*arguments) == 2
    told = capsys.readouterr()
    assert told.err.startswith("paperlens: ") and told.err.count("\n") == 1 and "Traceback" not in told.err
    return told.err


def rows(course: Path) -> dict[tuple[str, str], dict[str, str]]:
    out = course.parent / "export.csv"
    assert run("export", course, "--format", "csv", "-o", out) == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    with out.open(encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        assert ",".join(reader.fieldnames or ()) == COLUMNS
        return {(row["student"], row["exercise"]): row for row in reader}


def test_from_nothing_to_grades(course, notebook, tmp_path, capsys):
    folder = tmp_path / "in"
    hand_in(folder, "ana", answered(notebook, PSNR, SSIM))
    hand_in(folder, "ben", answered(notebook, WRONG_PSNR, None), "my homework (1)")
    hand_in(folder, "eve", answered(notebook, "import os\nos._exit(0)\n" + PSNR, SSIM))
    (folder / "nil").mkdir()
    assert run("collect", course, "90_scores", folder) == 0
    assert run("grade", course, "scores") == 0
    assert run("feedback", course, "scores") == 0
    got = {key: (row["score"], row["possible"], row["status"]) for key, row in rows(course).items()}
    assert got == {
        ("ana", "metrics.psnr"): ("4", "4", "graded"), ("ana", "metrics.ssim"): ("6", "6", "graded"),
        ("ben", "metrics.psnr"): ("0", "4", "graded"), ("ben", "metrics.ssim"): ("0", "6", "graded"),
        ("eve", "metrics.psnr"): ("0", "4", "crashed"), ("eve", "metrics.ssim"): ("6", "6", "graded"),
        ("nil", "metrics.psnr"): ("", "4", "missing"), ("nil", "metrics.ssim"): ("", "6", "missing"),
    }  # fmt: skip
    page = (course / "feedback" / "ben" / "scores" / "90_scores.html").read_text()
    assert "Looks like" in page and "not written yet" in page.lower()
    assert "canary-solution" not in page
    assert "eve" in (course / "reports" / "scores-abuse.md").read_text()


def test_grading_again_repeats_nothing_and_a_later_submission_counts(course, notebook, tmp_path, capsys):
    folder = tmp_path / "in"
    hand_in(folder, "ana", answered(notebook, WRONG_PSNR, None))
    run("collect", course, "scores", folder)
    run("grade", course, "scores")
    run("collect", course, "scores", folder)
    run("grade", course, "scores")
    assert "0 submissions, 1 were there already" in capsys.readouterr().out
    journal = course / "journal" / "scores.jsonl"
    assert sum("outcome" in line for line in journal.read_text().splitlines()) == 2
    path = hand_in(folder, "ana", answered(notebook, PSNR, None))
    os.utime(path, (2e9, 2e9))
    run("collect", course, "scores", folder)
    assert "replaces the submission" in capsys.readouterr().out
    run("grade", course, "scores", "--student", "ana")
    assert rows(course)["ana", "metrics.psnr"]["score"] == "4"
    run("grade", course, "scores", "--regrade")
    assert sum("outcome" in line for line in journal.read_text().splitlines()) == 6
    seeds = [json.loads(line)["seed"] for line in journal.read_text().splitlines() if "seed" in line]
    assert len(set(seeds)) == len(seeds) == 4


def test_the_variant_hands_out_siblings(course, tmp_path):
    assert run("release", course, "90_scores", "--variant") == 0
    page = json.loads((course / "release" / "90_scores" / "90_scores.ipynb").read_text())
    sources = "\n".join("".join(cell["source"]) for cell in page["cells"])
    sibling = find("metrics.psnr").sibling
    assert f"def {sibling.function}({sibling.parameters})" in sources and f'check("{sibling.id}"' in sources
    assert "canary-solution" not in sources and "def psnr(" not in sources


def test_release_shows_no_solution_and_carries_the_points(course, notebook):
    text = json.dumps(notebook)
    assert "canary-solution" not in text and "BEGIN SOLUTION" not in text and "NotImplementedError" in text
    marks = [cell["metadata"]["nbgrader"] for cell in notebook["cells"] if "nbgrader" in cell["metadata"]]
    assert [(mark["grade_id"], mark.get("points")) for mark in marks] == [
        ("metrics-psnr", None), ("metrics-psnr-score", 4), ("metrics-ssim", None), ("metrics-ssim-score", 6)
    ]  # fmt: skip
    assert "canary-solution" in (course / "source" / "scores" / "90_scores.ipynb").read_text()


def test_two_submissions_of_one_student(course, notebook, tmp_path, capsys):
    folder = tmp_path / "in"
    old = hand_in(folder, "ana", answered(notebook, WRONG_PSNR, None))
    new = hand_in(folder, "ana", answered(notebook, PSNR, None), "90_scores-2")
    os.utime(old, (1e9, 1e9))
    os.utime(new, (1.5e9, 1.5e9))
    assert run("collect", course, "scores", folder) == 0
    told = capsys.readouterr().out
    assert "ana handed in 2 times" in told and str(old) in told and f"{new} <- counts" in told
    run("grade", course, "scores")
    assert rows(course)["ana", "metrics.psnr"]["score"] == "4"


CANVAS = ["doejane_123_456_90_scores.ipynb", "roejim_LATE_124_457_90_scores-1.ipynb", "roejim_124_458_90_scores-2.ipynb",
          "leesam_125_459_90_scores.ipynb", "leesam_126_460_90_scores.ipynb"]  # fmt: skip
MOODLE = [
    "Jane Doe_11_assignsubmission_file_/90_scores.ipynb",
    "Zoë Ångström_12_assignsubmission_file_/a.ipynb",
]


@pytest.mark.parametrize(
    ("names", "students"),
    [(CANVAS, ["doejane", "leesam_125", "leesam_126", "roejim"]), (MOODLE, ["Jane_Doe", "Zoë_Ångström"]),
     (["class/ana/90_scores.ipynb", "class/ben/x.ipynb", "__MACOSX/ana/._x.ipynb"], ["ana", "ben"])],
    ids=["canvas", "moodle", "folders"],
)  # fmt: skip
def test_zips_of_learning_platforms(course, notebook, tmp_path, names, students):
    path = tmp_path / "submissions.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, json.dumps(answered(notebook, PSNR, None)))
    assert run("collect", course, "scores", path) == 0
    assert sorted(folder.name for folder in (course / "submitted").iterdir()) == students
    form = "canvas" if names is CANVAS else "moodle-worksheet"
    assert run("export", course, "--format", form, "--chapter", "scores", "-o", tmp_path / "out.csv") == 0
    text = (tmp_path / "out.csv").read_text()
    assert (
        ("Points Possible,,,,,10" in text and "doejane,123," in text and "leesam_125,125," in text)
        if names is CANVAS
        else ("Identifier" in text)
    )


def test_nbgraders_exchange(course, notebook, tmp_path):
    inbound = tmp_path / "exchange" / "course" / "inbound"
    for stamp, answer in (
        ("2026-01-02 10:00:00.000000 UTC", WRONG_PSNR),
        ("2026-01-03 10:00:00.000000 UTC", PSNR),
    ):
        hand_in(inbound, f"ana+scores+{stamp}+aGk", answered(notebook, answer, None))
    hand_in(inbound, "ben+other+2026-01-02 10:00:00.000000 UTC+aGk", b"")
    assert run("collect", course, "scores", tmp_path / "exchange") == 0
    assert [folder.name for folder in (course / "submitted").iterdir()] == ["ana"]
    assert (course / "submitted/ana/scores/timestamp.txt").read_text().startswith("2026-01-03")


def test_hostile_names_and_links(course, notebook, tmp_path):
    """Nothing is written outside of the course, no link is followed, and everybody is in the list."""
    path = tmp_path / "in.zip"
    page = json.dumps(answered(notebook, PSNR, None))
    link = zipfile.ZipInfo("link/90_scores.ipynb")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        for name in (
            "../../up/90_scores.ipynb",
            "/etc/abs/90_scores.ipynb",
            "a/../../b/90_scores.ipynb",
            "ok/90_scores.ipynb",
        ):
            archive.writestr(name, page)
        archive.writestr(link, "/etc/passwd")
    assert run("collect", course, "scores", path) == 0
    assert run("grade", course, "scores") == 0
    got = {key[0]: row["status"] for key, row in rows(course).items() if key[1] == "metrics.psnr"}
    assert got == {
        "up": "malformed",
        "abs": "malformed",
        "b": "malformed",
        "link": "malformed",
        "ok": "graded",
    }
    assert not (tmp_path / "up").exists() and not Path("/etc/abs").exists()

    folder = tmp_path / "in"
    secret = tmp_path / "secret.ipynb"
    secret.write_text(page)
    (folder / "lin").mkdir(parents=True)
    (folder / "lin" / "90_scores.ipynb").symlink_to(secret)
    (folder / "dir").symlink_to(tmp_path)
    (folder / "pip").mkdir()
    os.mkfifo(folder / "pip" / "90_scores.ipynb")
    hand_in(folder, "<b>alert(1)<b>", page)
    hand_in(folder, "=cmd|x", page)
    assert run("collect", course, "scores", folder) == 0
    assert run("grade", course, "scores") == 0
    got = {key[0]: row["status"] for key, row in rows(course).items() if key[1] == "metrics.psnr"}
    assert got["lin"] == got["dir"] == got["pip"] == "malformed"
    assert got["_b_alert_1__b_"] == got["_cmd_x"] == "graded"


def test_a_bomb_of_a_zip(course, tmp_path):
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ana/90_scores.ipynb", b" " * (200 << 20))
    assert path.stat().st_size < 1 << 20
    assert run("collect", course, "scores", path) == 0
    assert "200 MB" in (course / "submitted/ana/scores/rejected.json").read_text()


def test_mistakes_are_sentences(course, notebook, tmp_path, capsys):
    good = tmp_path / "in"
    hand_in(good, "ana", answered(notebook, PSNR, SSIM))
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    assert "there is no folder" in says(capsys, "release", tmp_path / "nowhere", "scores")
    assert "is not a course" in says(capsys, "grade", tmp_path / "in", "scores")
    assert "'99_none'" in says(capsys, "release", course, "99_none")
    assert "was not released" in says(capsys, "collect", course, "other", good)
    assert "no folder or zip file" in says(capsys, "collect", course, "scores", tmp_path / "nowhere")
    assert "neither a folder nor a zip" in says(capsys, "collect", course, "scores", tmp_path / "file.txt")
    assert "holds no submissions" in says(capsys, "collect", course, "scores", tmp_path / "empty")
    assert "nothing was collected" in says(capsys, "grade", course, "scores")
    assert "nothing of scores is graded" in says(capsys, "feedback", course, "scores")
    assert "holds a course already" in says(capsys, "new", course)
    assert "not empty" in says(capsys, "new", good)
    run("collect", course, "scores", good)
    assert "'eva' handed in nothing" in says(capsys, "grade", course, "scores", "--student", "eva")
    assert "give at least 1" in says(capsys, "grade", course, "scores", "--workers", "0")
    assert "no Dask scheduler answers" in says(
        capsys, "grade", course, "scores", "--scheduler", "tcp://127.0.0.1:9"
    )
    hand_in(good, "Ana", answered(notebook, PSNR, SSIM))
    assert "duplicate students: " in says(capsys, "collect", course, "scores", good)


def test_duplicate_students_in_a_roster(tmp_path, capsys):
    roster = tmp_path / "roster.csv"
    roster.write_text("id,first_name\nana,Ana\nana,Anna\n")
    assert "ana is there twice" in says(capsys, "new", tmp_path / "c", "--students", roster)
    assert not (tmp_path / "c").exists()
    roster.write_text("id,first_name\nana,Ana\nben,Ben\n")
    assert run("new", tmp_path / "c", "--students", roster) == 0
    found = (
        sqlite3.connect(tmp_path / "c" / "gradebook.db")
        .execute("SELECT id, first_name FROM student")
        .fetchall()
    )
    assert sorted(found) == [("ana", "Ana"), ("ben", "Ben")]


def test_a_gradebook_of_another_version(course, capsys):
    book = sqlite3.connect(course / "gradebook.db")
    book.execute("UPDATE alembic_version SET version_num = 'abc123'")
    book.commit()
    before = (course / "gradebook.db").read_bytes()
    told = says(capsys, "export", course)
    assert "abc123" in told and "nbgrader db upgrade" in told
    assert (course / "gradebook.db").read_bytes() == before
    (course / "gradebook.db").write_bytes(b"not a database at all" * 100)
    assert "cannot be used" in says(capsys, "export", course)
    (course / "gradebook.db").unlink()
    assert "is not there" in says(capsys, "export", course)


def test_course_settings_of_another_version(course, capsys):
    (course / "course.json").write_text('{"format": 99}')
    assert "another version" in says(capsys, "export", course)
    (course / "course.json").write_text("{")
    assert "not readable" in says(capsys, "export", course)


def test_two_graders_at_once(course, notebook, tmp_path, capsys):
    from paperlens.classroom.marking.journal import Journal

    hand_in(tmp_path / "in", "ana", answered(notebook, PSNR, SSIM))
    run("collect", course, "scores", tmp_path / "in")
    with Journal(course / "journal" / "scores.jsonl"):
        assert "another grader is at work" in says(capsys, "grade", course, "scores")


def test_a_mark_given_by_hand_stays(course, notebook, tmp_path):
    hand_in(tmp_path / "in", "ana", answered(notebook, WRONG_PSNR, SSIM))
    run("collect", course, "scores", tmp_path / "in")
    run("grade", course, "scores")
    book = sqlite3.connect(course / "gradebook.db")
    book.execute("UPDATE grade SET manual_score = 2.5 WHERE auto_score = 0")
    book.commit()
    run("grade", course, "scores", "--regrade")
    row = rows(course)["ana", "metrics.psnr"]
    assert (row["score"], row["status"]) == ("2.5", "graded")


def test_unsafe_says_what_it_gives_up(course, notebook, tmp_path, capsys):
    hand_in(tmp_path / "in", "ana", answered(notebook, PSNR, "from paperlens.metrics import ssim"))
    run("collect", course, "scores", tmp_path / "in")
    assert run("grade", course, "scores", "--unsafe") == 0
    assert "with your own rights" in capsys.readouterr().err
    got = rows(course)
    assert got["ana", "metrics.psnr"]["score"] == "4" and got["ana", "metrics.ssim"]["status"] == "forbidden"


def test_no_script_of_a_student_reaches_the_feedback(course, notebook, tmp_path):
    page = answered(notebook, PSNR + "\n# <script>evil()</script>", SSIM)
    page["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "<script>evil()</script>"})
    page["cells"][0]["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<script>evil()</script>"}}
    ]
    page["metadata"]["title"] = "<script>evil()</script>"
    hand_in(tmp_path / "in", "eve", page)
    run("collect", course, "scores", tmp_path / "in")
    run("grade", course, "scores")
    run("feedback", course, "scores")
    html = (course / "feedback/eve/scores/90_scores.html").read_text()
    assert "evil" in html and not re.search(r"<script>\s*evil", html)


def test_timestamps_reach_the_gradebook(course, notebook, tmp_path):
    path = hand_in(tmp_path / "in", "ana", answered(notebook, PSNR, SSIM))
    os.utime(path, (1.7e9, 1.7e9))
    run("collect", course, "scores", tmp_path / "in")
    run("grade", course, "scores")
    (stamp,) = (
        sqlite3.connect(course / "gradebook.db")
        .execute("SELECT timestamp FROM submitted_assignment")
        .fetchone()
    )
    assert datetime.fromisoformat(stamp).year == 2023


@pytest.mark.skipif(
    shutil.which("mount") is None or os.geteuid() != 0, reason="only root can make a small disk here"
)
def test_a_full_disk_is_a_sentence_and_loses_nothing(course, notebook, tmp_path, capsys):
    """The journal lies on a disk of 40 kB; with room again, the same command finishes the job."""
    import subprocess

    for number in range(60):
        hand_in(tmp_path / "in", f"s{number:02}", answered(notebook, PSNR, None))
    run("collect", course, "scores", tmp_path / "in")
    small = course / "journal"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "small", small], check=True)
    try:
        assert "disk is full" in says(capsys, "grade", course, "scores")
        done = sum("outcome" in line for line in (small / "scores.jsonl").read_text().splitlines())
        assert 0 < done < 120
        subprocess.run(["mount", "-o", "remount,size=1m", small], check=True)
        capsys.readouterr()
        assert run("grade", course, "scores") == 0
        assert f"({120 - done} new)" in capsys.readouterr().out
    finally:
        subprocess.run(["umount", small], check=True)
    assert all(row["score"] == "4" for key, row in rows_of(course) if key[1] == "metrics.psnr")


def rows_of(course: Path):
    import sqlite3 as sql

    query = """SELECT sa.student_id, bc.name, g.auto_score FROM grade g JOIN submitted_notebook sn ON g.notebook_id = sn.id
        JOIN submitted_assignment sa ON sn.assignment_id = sa.id JOIN base_cell bc ON g.cell_id = bc.id"""
    for student, cell, score in sql.connect(course / "gradebook.db").execute(query):
        yield (student, cell.removesuffix("-score").replace("-", ".")), {"score": f"{score:g}"}
