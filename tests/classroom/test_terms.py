# ruff: noqa: E501  tables read better on one line
"""How an assignment counts: points, choice, partial credit, deadlines, corrections after grading, marks by hand, exports."""

import csv
import json
import os
import re
import sqlite3
import zipfile

import pytest
from people import PSNR, SSIM, WRONG_PSNR, answered, hand_in

from paperlens import cli
from paperlens.classroom import terms
from paperlens.classroom.output import export
from paperlens.errors import UserError
from paperlens.exercises.catalogue import find


def run(*arguments) -> int:
    return cli.main(["class", *map(str, arguments)])


def rows(course, *more):
    out = course.parent / "export.csv"
    assert run("export", course, "-o", out, *more) == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def score(course, student, exercise="metrics.psnr"):
    return next(row for row in rows(course) if (row["student"], row["exercise"]) == (student, exercise))


@pytest.fixture
def graded(course, notebook, tmp_path):
    for student, psnr in (("ana", PSNR), ("ben", WRONG_PSNR)):
        hand_in(tmp_path / "in", student, answered(notebook, psnr, SSIM))
    assert run("collect", course, "scores", tmp_path / "in") == 0
    assert run("grade", course, "scores") == 0
    return course


def by_hand(course, points):
    book = sqlite3.connect(course / "gradebook.db")
    book.execute("UPDATE grade SET manual_score = ? WHERE auto_score = 0", (points,))
    book.commit()


def test_other_points_are_one_new_scale_for_all(graded, capsys):
    assert run("release", graded, "scores", "--points", "psnr=8") == 0
    assert "2 marks were put on the new scale, 4 -> 8 points" in capsys.readouterr().out
    assert {(row["score"], row["possible"]) for row in rows(graded) if row["exercise"] == "metrics.psnr"} == {
        ("8", "8"),
        ("0", "8"),
    }
    assert run("grade", graded, "scores") == 0
    assert "graded with other checks: 2 answers; --regrade renews" in capsys.readouterr().out
    assert score(graded, "ana")["score"] == "8"  # the old outcome, on the new scale
    assert run("grade", graded, "scores", "--regrade") == 0
    assert "other checks" not in capsys.readouterr().out
    assert all(float(row["score"]) <= float(row["possible"]) for row in rows(graded))


def test_a_corrected_check_is_told_and_its_differences_are_printed_first(graded, capsys, monkeypatch):
    journal = graded / "journal" / "scores.jsonl"
    text = journal.read_text()
    versions = set(re.findall(r'"version": "(\w+)"', text))
    assert len(versions) == 2
    journal.write_text(re.sub(r'"version": "\w+"', '"version": "old"', text))
    book = sqlite3.connect(graded / "gradebook.db")
    book.execute("UPDATE grade SET auto_score = 1 WHERE auto_score = 4")
    book.commit()
    capsys.readouterr()
    assert run("grade", graded, "scores", "--regrade") == 0
    told = capsys.readouterr().out
    assert "ana, metrics.psnr: 1 -> 4 of 4" in told and "1 marks changed" in told and "ben" not in told


def test_the_version_follows_contract_points_and_checks():
    exercise = find("metrics.psnr")
    first = terms.version(exercise, 4.0, share=False)
    assert first == terms.version(exercise, 4.0, share=False)
    assert (
        len({first, terms.version(exercise, 5.0, share=False), terms.version(exercise, 4.0, share=True)}) == 3
    )


def test_a_hand_mark_survives_and_stands_over_a_newer_answer(graded, notebook, tmp_path, capsys):
    by_hand(graded, 2.5)
    assert run("grade", graded, "scores", "--regrade") == 0
    assert (score(graded, "ben")["score"], score(graded, "ben")["hand mark"]) == ("2.5", "by hand")
    path = hand_in(tmp_path / "in", "ben", answered(notebook, PSNR, SSIM))
    os.utime(path, (2e9, 2e9))
    assert run("collect", graded, "scores", tmp_path / "in") == 0
    capsys.readouterr()
    assert run("grade", graded, "scores") == 0
    assert "ben, metrics.psnr: a hand mark stands over a newer answer" in capsys.readouterr().out
    assert score(graded, "ben")["hand mark"] == "by hand, over a newer answer"
    assert run("feedback", graded, "scores") == 0
    assert "by hand, over a newer answer" in (graded / "feedback/ben/scores/90_scores.html").read_text()
    assert "by hand, over a newer answer" in (graded / "reports/scores.html").read_text()
    assert run("release", graded, "scores", "--points", "psnr=2") == 2
    assert "ben got a mark by hand" in capsys.readouterr().err


def test_choice_and_partial_credit(course, tmp_path, capsys):
    assert (
        run(
            "release",
            course,
            "90_scores",
            "--exercises",
            "psnr",
            "--points",
            "psnr=3",
            "--partial",
            "--due",
            "2026-12-01",
            "--penalty",
            "10",
        )
        == 0
    )
    page = json.loads((course / "release/90_scores/90_scores.ipynb").read_text())
    text = "\n".join("".join(cell["source"]) for cell in page["cells"])
    assert "share of its properties" in text and "each day begun costs 10 %" in text
    hand_in(tmp_path / "in", "ben", answered(page, WRONG_PSNR, None))
    assert run("collect", course, "90_scores", tmp_path / "in") == 0
    assert run("grade", course, "90_scores") == 0
    mine = [row for row in rows(course, "--chapter", "90_scores") if row["student"] == "ben"]
    assert [row["exercise"] for row in mine] == ["metrics.psnr"] and 0 < float(mine[0]["score"]) < 3
    assert run("release", course, "x", "--exercises", "psnr") == 2
    assert run("release", course, "90_scores", "--exercises", "nonsense") == 2
    assert "'nonsense' is no exercise" in capsys.readouterr().err
    assert run("release", course, "90_scores", "--due", "tomorrow") == 2


MOODLE = "Jane Doe_11_assignsubmission_file_/a.ipynb"


def late_zip(path, page, stamp, name):
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo(name, stamp)
        archive.writestr(entry, json.dumps(page))
    return path


@pytest.mark.parametrize(
    ("name", "stamp", "extension", "late", "total"),
    [
        (MOODLE, (2026, 12, 1, 10, 0, 0), "", "", "10"),
        (MOODLE, (2026, 12, 3, 10, 0, 0), "", "2 days late", "8"),
        (MOODLE, (2026, 12, 3, 10, 0, 0), "2026-12-04", "", "10"),
        (MOODLE, (2026, 12, 20, 10, 0, 0), "", "19 days late", "0"),
        ("doejane_LATE_11_12_a.ipynb", (2020, 1, 1, 0, 0, 0), "", "1 day late", "9"),
        ("doejane_11_12_a.ipynb", (2026, 12, 20, 0, 0, 0), "", "", "10"),
        ("doejane/a.ipynb", (2026, 12, 20, 0, 0, 0), "", "", "10"),
    ],
    ids=["in time", "late", "extended", "cut off", "Canvas late", "Canvas in time", "a folder's time is no proof"],
)  # fmt: skip
def test_deadlines(course, notebook, tmp_path, name, stamp, extension, late, total):  # noqa: PLR0917
    due = ("--due", "2026-12-01 12:00", "--penalty", "10", "--cut-off", "7")
    assert run("release", course, "scores", *due) == 0
    if extension:
        (course / "extensions.csv").write_text(f"student,chapter,due\nJane_Doe,scores,{extension}\n")
    path = late_zip(tmp_path / "in.zip", answered(notebook, PSNR, SSIM), stamp, name)
    assert run("collect", course, "scores", path) == 0
    assert run("grade", course, "scores") == 0
    row = rows(course)[0]
    assert (row["late"], row["total"]) == (late, total)
    assert run("feedback", course, "scores") == 0
    page = next((course / "feedback").glob("*/*/*.html")).read_text()
    assert (late in page) and (not late or "taken off" in page)


def test_a_files_own_time_counts_when_it_is_said(course, notebook, tmp_path):
    assert run("release", course, "scores", "--due", "2026-12-01 12:00") == 0
    path = hand_in(tmp_path / "in", "ana", answered(notebook, PSNR, SSIM))
    os.utime(path, (2e9, 2e9))
    assert run("collect", course, "scores", tmp_path / "in", "--file-times") == 0
    assert run("grade", course, "scores") == 0
    assert rows(course)[0]["late"].endswith("days late")


@pytest.mark.parametrize("tell", terms.TELL)
def test_how_much_is_told(course, notebook, tmp_path, tell):
    assert run("release", course, "scores", "--tell", tell) == 0
    hand_in(tmp_path / "in", "ben", answered(notebook, WRONG_PSNR, SSIM))
    run("collect", course, "scores", tmp_path / "in")
    run("grade", course, "scores")
    run("feedback", course, "scores")
    page = (course / "feedback/ben/scores/90_scores.html").read_text()
    assert "0 of 4" in page and page.index("<table>") < page.index("<h2")
    assert ("Looks like" in page) == (tell == "all")
    assert ("Broken: " in page) == (tell != "points")
    assert ("not yet" in page) == (tell != "points")


def test_the_report_names_those_who_are_missing(graded, tmp_path):
    (tmp_path / "more" / "nil").mkdir(parents=True)
    run("collect", graded, "scores", tmp_path / "more")
    run("grade", graded, "scores")
    run("feedback", graded, "scores")
    page = (graded / "reports/scores.html").read_text()
    assert "Nothing was handed in</h2><p>nil</p>" in page
    assert "mean 8.00, median 8" in page and page.count("data:image/png") == 3
    assert "1 right of 2 who started it" in page
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)


def test_exports_follow_the_importers_rules(graded, tmp_path, capsys):
    """Canvas: who in five columns, points in the second row, a blank leaves a grade as it is. Moodle: see below."""
    (tmp_path / "more" / "nil").mkdir(parents=True)
    run("collect", graded, "scores", tmp_path / "more")
    out = tmp_path / "out.csv"
    assert (
        run(
            "export",
            graded,
            "--format",
            "canvas",
            "--chapter",
            "scores",
            "--column",
            "Homework 1 (1234)",
            "-o",
            out,
        )
        == 0
    )
    table = list(csv.reader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert table[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Homework 1 (1234)"]
    assert table[1][0].strip() == "Points Possible" and table[1][-1] == "10"
    assert {line[0]: line[-1] for line in table[2:]} == {"ana": "10", "ben": "6", "nil": ""}
    assert run("export", graded, "--format", "moodle", "-o", out) == 0
    table = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert {line["ID number"]: line["scores"] for line in table} == {"ana": "10", "ben": "6", "nil": ""}
    assert "Email address" in table[0]
    for student, number in (("ana", "11"), ("ben", "12")):
        (graded / "submitted" / student / "scores" / "platform.txt").write_text(number)
    sheet = tmp_path / "sheet.csv"
    stamp = "Monday, 30 November 2026, 9:00 AM"
    with sheet.open("w", newline="") as file:
        lines = [
            ["Participant 12", "Ben B", "b@x.org", "Submitted", "", "10.00", "Yes", stamp, "-", ""],
            ["Participant 99", "No", "n@x.org", "", "", "10.00", "Yes", "-", "-", ""],
        ]
        csv.writer(file).writerows([export.WORKSHEET, *lines])
    assert (
        run(
            "export",
            graded,
            "--format",
            "moodle-worksheet",
            "--chapter",
            "scores",
            "--worksheet",
            sheet,
            "-o",
            out,
        )
        == 0
    )
    table = list(csv.reader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert table == [list(export.WORKSHEET), [*lines[0][:4], "6", *lines[0][5:]], lines[1]]
    sheet.write_text("a,b\n1,2\n")
    assert (
        run("export", graded, "--format", "moodle-worksheet", "--chapter", "scores", "--worksheet", sheet)
        == 2
    )
    assert "no grading worksheet" in capsys.readouterr().err


def test_a_spreadsheet_runs_nothing(tmp_path, capsys):
    roster = tmp_path / "roster.csv"
    roster.write_text("id,first_name,last_name\n@ana,=1+1,+x\n")
    run("new", tmp_path / "c", "--students", roster)
    run("release", tmp_path / "c", "scores")
    for form in ("csv", "canvas", "moodle"):
        capsys.readouterr()
        assert run("export", tmp_path / "c", "--format", form) == 0
        cells = [cell for line in csv.reader(capsys.readouterr().out.splitlines()) for cell in line]
        assert not [cell for cell in cells if cell[:1] in ("=", "+", "@", "-")]


def test_dates():
    assert terms.moment("2026-12-01").hour == 23 and terms.moment("") is None
    assert terms.moment("2026-12-01T10:00+01:00").utcoffset().seconds == 3600
    with pytest.raises(UserError, match="is no date"):
        terms.moment("soon")


COPY = (
    SSIM.replace("row", "w")
    .replace("blur", "smooth")
    .replace("mx", "a1")
    .replace("my", "b1")
    .replace("    x, y = p", "    # mine\n    x, y = p")
)
OTHER = """def ssim(prediction, target, data_range):
    t = torch.arange(WINDOW, dtype=prediction.dtype) - (WINDOW - 1) / 2
    g = (-t.pow(2) / SIGMA**2 / 2).exp(); g = g / g.sum()
    kernel = (g[:, None] * g[None, :]).view(1, 1, WINDOW, WINDOW)
    flat = [v.reshape(-1, 1, *v.shape[2:]) for v in (prediction, target)]
    mean = [F.conv2d(v, kernel) for v in flat]
    var = [F.conv2d(v.pow(2), kernel) - m.pow(2) for v, m in zip(flat, mean)]
    cov = F.conv2d(flat[0] * flat[1], kernel) - mean[0] * mean[1]
    one, two = (data_range * 0.01) ** 2, (data_range * 0.03) ** 2
    top = (mean[0] * mean[1] * 2 + one) * (cov * 2 + two)
    bottom = (mean[0].pow(2) + mean[1].pow(2) + one) * (var[0] + var[1] + two)
    return torch.mean(top / bottom)
"""


def test_similar_answers(course, notebook, tmp_path, capsys):
    for student, ssim in (("ana", SSIM), ("ben", COPY), ("eve", OTHER), ("nil", None)):
        hand_in(tmp_path / "in", student, answered(notebook, PSNR, ssim))
    run("collect", course, "scores", tmp_path / "in")
    run("grade", course, "scores")
    capsys.readouterr()
    assert run("similar", course, "scores") == 0
    told = capsys.readouterr().out
    assert "metrics.ssim: ana and ben agree in 100%" in told and "never a verdict" in told
    assert " eve " not in told and " nil " not in told
