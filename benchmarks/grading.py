"""How fast a class is graded: nbgrader's own autograde against ours, one worker against two, and growth.

    .venv/bin/python benchmarks/grading.py [--against 12] [--workers 240] [--growth 250 500 1000 2000] [--rounds 3]
                                           [--output data/results/benchmarks/grading.json]

The assignment has six exercises, the first six of the chapters; half of the answers are right. Everything happens in a
temporary folder. nbgrader runs one kernel for a notebook and `assert check(...)` in its tests. The rounds alternate:
nbgrader, ours, nbgrader, ours; one worker, two, one, two. Numbers made while anything else runs on the machine are
noise; where others work on it too, `chrt --rr 1` before the command puts both systems before them. The book draws its
figures from the file.
"""

import argparse
import contextlib
import copy
import json
import logging
import os
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from grading_notes import Clock, Notes

from paperlens import cli
from paperlens.classroom import course as courses
from paperlens.classroom.marking import batch
from paperlens.classroom.sandbox import session
from paperlens.site.chapters.markers import solution
from paperlens.site.chapters.source import exercise_of, read_all
from paperlens.site.places import Places

ROOT = Path(__file__).parent.parent
NAME = "99_six"
HEAD = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3 (ipykernel), language: python, name: python3}
---

# Six exercises

```{code-cell} ipython3
import math

import einops
import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange, reduce, repeat

from paperlens.exercises import check
```
"""


def six(root: Path) -> int:
    """Write a chapter of the first six exercises; returns how many there were."""
    answers: dict[str, str] = {}
    for chapter in read_all(Places(ROOT)):
        answers |= {name: cell.source for cell in chapter.notebook.cells if (name := exercise_of(cell))}
    chosen = list(answers.items())[:6]
    parts = [HEAD]
    for exercise, text in chosen:
        parts.append(
            f"```{{code-cell}} ipython3\n---\npaperlens: {{exercise: {exercise}}}\n---\n{text}\n```\n"
        )
        parts.append(f'```{{code-cell}} ipython3\ncheck("{exercise}", {exercise.rpartition(".")[2]})\n```\n')
    folder = root / "chapters" / NAME
    folder.mkdir(parents=True)
    (root / "book").mkdir()
    (folder / f"{NAME}.md").write_text("\n".join(parts), encoding="utf-8")
    return len(chosen)


def quiet(*arguments: object) -> None:
    """One command, without its lines."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        assert cli.main(["class", *map(str, arguments)]) == 0


def make(root: Path, students: int) -> None:
    """A course with so many submissions, every second with a wrong answer in each cell."""
    quiet("new", root)
    quiet("release", root, NAME)
    given = json.loads((root / "release" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    source = json.loads((root / "source" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    for number in range(students):
        page = copy.deepcopy(given)
        for cell, full in zip(page["cells"], source["cells"], strict=True):
            if "paperlens" in cell["metadata"]:
                answer = solution("".join(full["source"]))
                wrong = answer.replace("return ", "return 2 * ") if number % 2 else answer
                cell["source"] = f"# student {number}\n{wrong}"
        path = root / "arrived" / f"student{number:04}" / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(page), encoding="utf-8")
    quiet("collect", root, NAME, root / "arrived")


def ours(root: Path, workers: int = 1) -> float:
    """Seconds to grade all, gradebook included; the journal is taken away before."""
    shutil.rmtree(root / "journal")
    start = time.perf_counter()
    quiet("grade", root, NAME, "--workers", workers)
    return time.perf_counter() - start


def nbgraders(root: Path) -> float:
    """Seconds of nbgrader's autograde on the same submissions, each test cell an assertion."""
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{root}/nbgrader.db"
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    path = root / "source" / NAME / f"{NAME}.ipynb"
    page = json.loads(path.read_text(encoding="utf-8"))
    for cell in page["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["source"] = f"assert {''.join(cell['source'])}.passed".removeprefix("assert assert ")
    path.write_text(json.dumps(page), encoding="utf-8")
    shutil.rmtree(root / "release")
    shutil.rmtree(root / "autograded", ignore_errors=True)
    assert api.generate_assignment(NAME, force=True)["success"]
    start = time.perf_counter()
    for student in courses.open_course(root).students_of(courses.open_course(root).assignment(NAME)):
        done: dict[str, Any] = api.autograde(NAME, student, force=True, create=True)
        assert done["success"], done["log"]
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", type=int, default=12, help="submissions for nbgrader and for us")
    parser.add_argument("--workers", type=int, default=240, help="submissions for one worker against two")
    parser.add_argument("--growth", type=int, nargs="*", default=[250, 500, 1000, 2000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(batch, "Journal", Clock):
        place = Path(folder)
        notes = Notes(options.output, six(place))
        os.environ["PAPERLENS_ROOT"] = folder
        print("| part | system, workers | submissions | seconds | submissions a second and core |")
        print("|---|---|---|---|---|")
        if options.against:
            make(place / "a", options.against)
            make(place / "b", options.against)
            for _ in range(options.rounds):
                notes.add("against", "nbgrader", options.against, 1, partial(nbgraders, place / "b"))
                session.nursery()
                notes.add("against", "paperlens", options.against, 1, partial(ours, place / "a"))
                session.close()
        if options.workers:
            make(place / "w", options.workers)
            for workers in (1, 2) * options.rounds:
                session.close()  # so that both pay for the start
                notes.add(
                    "workers", "paperlens", options.workers, workers, partial(ours, place / "w", workers)
                )
        session.close()
        for students in options.growth:
            make(place / f"g{students}", students)
            notes.add("growth", "paperlens", students, 2, partial(ours, place / f"g{students}", 2))


if __name__ == "__main__":
    main()
