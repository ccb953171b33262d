# ruff: noqa: E501  tables read better on one line
"""What platforms hand out, and names: one student per folder, nobody merged, nobody lost, every new name said."""

import json
import zipfile

import pytest
from people import PSNR, SSIM, answered, hand_in

from paperlens import cli
from paperlens.classroom.intake import notebook as notebooks
from paperlens.classroom.intake.people import Roster, student_id

NAME = "90_scores.ipynb"


def run(*arguments) -> int:
    return cli.main(["class", *map(str, arguments)])


def zipped(path, names, text):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"" if name.endswith("/") else text)
    return path


ZIPS = {
    "a folder below each student": (
        [f"ana/work/{NAME}", f"ben/work/{NAME}", f"eve/{NAME}", "nil/notes.pdf"],
        {"ana", "ben", "eve", "nil"},
        {"nil"},
    ),
    "one folder around the students": ([f"class/ana/{NAME}", f"class/ben/work/{NAME}", "class/nil/"], {"ana", "ben", "nil"}, {"nil"}),
    "an nbgrader tree": (
        [f"submitted/ana/scores/{NAME}", f"submitted/ben/scores/{NAME}", f"submitted/ben/other/{NAME}", "submitted/nil/"],
        {"ana", "ben", "nil"},
        {"nil"},
    ),
    "GitHub Classroom": (
        [f"hw-ana/notebooks/{NAME}", f"hw-ben/notebooks/{NAME}", "hw-nil/README.md", "hw-nil/.git/config"],
        {"hw-ana", "hw-ben", "hw-nil"},
        {"hw-nil"},
    ),
    "Moodle with a folder inside": (
        [f"Jane Doe_11_assignsubmission_file_/work/{NAME}", "Zoë Å_12_assignsubmission_file_/a.ipynb", "Nil No_13_assignsubmission_onlinetext_/onlinetext.html"],
        {"Jane_Doe", "Zoë_Å", "Nil_No"},
        {"Nil_No"},
    ),
    "Canvas with a PDF": (
        ["doejane_123_456_90_scores.ipynb", "roejim_LATE_124_457_90_scores-1.ipynb", "nilno_125_458_essay.pdf"],
        {"doejane", "roejim", "nilno"},
        {"nilno"},
    ),
    "one student alone": ([f"ana/work/{NAME}"], {"ana"}, set()),
    "files without folders": ([NAME.replace("90_scores", "ana"), "ben.py", "readme.txt"], {"ana", "ben"}, set()),
}  # fmt: skip


@pytest.mark.parametrize("case", ZIPS)
@pytest.mark.parametrize("unpacked", [False, True], ids=["zip", "unpacked"])
def test_zips(course, notebook, tmp_path, capsys, case, *, unpacked):
    names, students, without = ZIPS[case]
    path = zipped(tmp_path / "in.zip", names, json.dumps(answered(notebook, PSNR, SSIM)))
    if unpacked:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "in")
        path = tmp_path / "in"
    assert run("collect", course, "scores", path) == 0
    told = capsys.readouterr().out
    there = {folder.name for folder in (course / "submitted").iterdir()}
    assert there == students
    empty = {name for name in there if not list((course / "submitted" / name / "scores").glob("*.ipynb"))}
    assert empty == without
    assert all(f"{student}: " in told for student in students), told
    if case == "files without folders":
        assert "belongs to nobody" in told
    if "Canvas" in case or "Moodle" in case:
        numbers = [p.read_text() for p in (course / "submitted").glob("*/*/platform.txt")]
        assert len(numbers) == 3


NAMES = [
    "-rf",
    "=1+1",
    "学生 一",
    "x" * 200,
    "y" * 120 + "a",
    "y" * 120 + "b",
    "line\nbreak",
    "O'Brien",
    "a b",
    "a_b",
    "学" * 80,
]


def test_names(course, notebook, tmp_path, capsys):
    for name in NAMES:
        hand_in(tmp_path / "in", name, answered(notebook, PSNR, None))
    assert run("collect", course, "scores", tmp_path / "in") == 0
    told = capsys.readouterr().out
    there = [folder.name for folder in (course / "submitted").iterdir()]
    assert len(there) == len(NAMES)
    assert not any(name.startswith(("-", "=", "+", ".")) or "\n" in name for name in there)
    for name, student in (
        ("O'Brien", "O_Brien"),
        ("=1+1", "_1+1"),
        ("学生 一", "学生_一"),
        ("-rf", "rf"),
        ("line?break", "line_break"),
    ):
        assert f"{name} is listed as {student}" in told
    assert told.count("is listed as") == len(NAMES) - 1  # a_b keeps its name
    assert run("grade", course, "scores") == 0
    assert run("export", course, "-o", tmp_path / "out.csv") == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig").count("graded") == 2 * len(NAMES)


def test_a_roster_matches_both_spellings(tmp_path, notebook, capsys):
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "id,first_name,last_name,email\nO'Brien,Pat,O'Brien,pat@x.org\njdoe,Jane,Doe,\nlate,La,Te,\n"
    )
    assert run("new", tmp_path / "c", "--students", roster) == 0
    assert run("release", tmp_path / "c", "scores") == 0
    page = answered(notebook, PSNR, None)
    for name in ("O'Brien", "Jane Doe_11_assignsubmission_file_"):
        hand_in(tmp_path / "in", name, page)
    assert run("collect", tmp_path / "c", "scores", tmp_path / "in") == 0
    told = capsys.readouterr().out
    assert {folder.name for folder in (tmp_path / "c" / "submitted").iterdir()} == {"O_Brien", "jdoe"}
    assert "O'Brien is listed as O_Brien" in told and "Jane Doe is listed as jdoe" in told
    assert "late: nothing was handed in" in told


def test_spellings():
    people = [
        {"id": "ana"},
        {"id": "b1", "first_name": "Bo", "last_name": "Li"},
        {"id": "b2", "first_name": "Li", "last_name": "Bo"},
    ]
    roster = Roster(people)
    assert roster.match("hw1-swin-ana") == "ana" and roster.match("Ana") == "Ana"
    assert roster.match("Bo Li") == "Bo_Li"  # two people are spelled so: neither
    assert len(student_id("学" * 300).encode()) < 200


def test_the_notebook_with_the_exercises_counts(course, notebook, tmp_path, capsys):
    import os

    good = hand_in(tmp_path / "in", "ana", answered(notebook, PSNR, SSIM), "homework")
    other = hand_in(tmp_path / "in", "ana", {"cells": [], "nbformat": 4}, "holiday")
    os.utime(good, (1e9, 1e9))
    os.utime(other, (1.5e9, 1.5e9))
    assert run("collect", course, "scores", tmp_path / "in") == 0
    assert f"{good} <- counts" in capsys.readouterr().out


def scores(course, student, tmp_path):
    assert run("grade", course, "scores") == 0
    assert run("export", course, "-o", tmp_path / "out.csv") == 0
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()
    return [line.split(",")[lines[0].split(",").index("score")] for line in lines if f",{student}," in line]


@pytest.mark.parametrize("form", ["utf-16", "latin-1", "large", "py", "percent"])
def test_files(course, notebook, tmp_path, form):
    page = answered(notebook, PSNR + "# Größe\n", SSIM)
    text = json.dumps(page, ensure_ascii=False)
    if form == "large":
        page["cells"].append(
            {
                "cell_type": "code",
                "metadata": {},
                "source": "",
                "outputs": [{"data": {"image/png": "A" * (28 << 20)}}],
            }
        )
        text = json.dumps(page)
    if form in ("py", "percent"):
        between = "\n# %%\n" if form == "percent" else "\n"
        text = between.join(
            ["import torch\nimport torch.nn.functional as F\nWINDOW, SIGMA = 11, 1.5", PSNR, SSIM]
        )
    path = hand_in(
        tmp_path / "in", "ana", text.encode("utf-8" if form in ("large", "py", "percent") else form)
    )
    if form in ("py", "percent"):
        path.rename(path.with_suffix(".py"))
    assert run("collect", course, "scores", tmp_path / "in") == 0
    assert scores(course, "ana", tmp_path) == ["4", "6"]


def test_reading_is_bounded():
    with pytest.raises(notebooks.BrokenError, match="100 are allowed"):
        notebooks.read(b" " * (notebooks.MAX_BYTES + 1))
