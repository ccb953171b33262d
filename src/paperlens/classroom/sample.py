"""`make class`: a course of forty generated students, graded and reported, to look at before your own class.

Twelve are right, sixteen wrong in their own ways, four did a part, four handed in something broken, four attack.
"""

import copy
import json
import random
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from paperlens import cli
from paperlens.classroom import course as courses
from paperlens.errors import UserError
from paperlens.site.chapters.markers import solution

CHAPTER = "00_start"
SLIPS = (
    (r"\b10 \*", "20 *"), (r"log10", "log"), (r"\*\* ?2", ""), (r"\.square\(\)", ".abs()"), (r"mean\(", "sum("),
    (r"\bdata_range\b(?!\))", "1.0"), (r" - ", " + "), (r"return (.*)", r"return 2 * (\1)"), (r" / ", " * "),
    (r"0\.03", "0.01"), (r"1\.5", "1.0"), (r"keepdim=True", "keepdim=False"),
)  # fmt: skip
ATTACKS = (
    "import os\nos.fork()", "while True: pass", "raise ValueError(open('/etc/passwd').read())",
    "torch.allclose = np.allclose = torch.equal = lambda *a, **k: True",
)  # fmt: skip
BROKEN = (b"", b'{"cells": [', b"I could not open the notebook.", b"[]")


def main(arguments: list[str]) -> int:
    """Make the course in the folder that is named (default build/class), grade it, write its reports."""
    root = Path(arguments[0] if arguments else "build/class")
    if root.exists() and not (root / "course.json").exists():
        raise UserError(f"{root} exists and is not a course; name another folder")
    shutil.rmtree(root, ignore_errors=True)
    run("new", root)
    run("release", root, CHAPTER)
    arrived = root / "arrived"
    write_students(courses.open_course(root), arrived)
    for command in (
        ["collect", root, CHAPTER, arrived],
        ["grade", root, CHAPTER],
        ["feedback", root, CHAPTER],
    ):
        run(*command)
    run("export", root, "-o", root / "scores.csv")
    print(f"look at {root}/reports/{CHAPTER}.html, {root}/feedback/ and {root}/scores.csv")
    return 0


def run(*arguments: object) -> None:
    """One command, as a teacher would type it."""
    print("$ paperlens class", *arguments, flush=True)
    code = cli.main(["class", *map(str, arguments)])
    if code:
        sys.exit(code)


def write_students(course: courses.Course, folder: Path) -> None:
    """Forty submissions from the solution form, always the same."""
    (path,) = (course.root / "source" / CHAPTER).glob("*.ipynb")
    source = json.loads(path.read_text(encoding="utf-8"))
    given = json.loads((course.root / "release" / CHAPTER / path.name).read_text(encoding="utf-8"))
    rng = random.Random(20_261_121)
    for number in range(40):
        student = folder / f"student{number + 1:02}"
        student.mkdir(parents=True)
        (student / path.name).write_bytes(handed_in(number, source, given, rng))


def handed_in(number: int, source: dict[str, Any], given: dict[str, Any], rng: random.Random) -> bytes:
    """What one student hands in."""
    if number >= 36:
        return BROKEN[number - 36]
    page = copy.deepcopy(given)
    right = {exercise(cell): solution(text(cell)) for cell in source["cells"] if exercise(cell)}
    for position, cell in enumerate(cell for cell in page["cells"] if exercise(cell)):
        answer = right[exercise(cell)]
        if number < 12:
            cell["source"] = answer
        elif number < 28:
            cell["source"] = slipped(answer, rng)
        elif number < 32:
            cell["source"] = answer if position == 0 else text(cell)
        else:
            cell["source"] = ATTACKS[number - 32] + "\n" + answer if position == 0 else answer
    return json.dumps(page).encode()


def slipped(answer: str, rng: random.Random) -> str:
    """The answer with one slip below its contract, where one fits."""
    head, quotes, body = answer.rpartition('"""')
    fitting = [(pattern, other) for pattern, other in SLIPS if re.search(pattern, body)]
    pattern, other = rng.choice(fitting) if fitting else (r"return ", "return 2 * ")
    return head + quotes + re.sub(pattern, other, body, count=1)


def exercise(cell: dict[str, Any]) -> str:
    """The exercise that the cell answers, or nothing."""
    return str(cell["metadata"].get("paperlens", {}).get("exercise", ""))


def text(cell: dict[str, Any]) -> str:
    """A cell's source as one text."""
    return "".join(cell["source"])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as mistake:
        sys.exit(f"paperlens: {mistake}")
