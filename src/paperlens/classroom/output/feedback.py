"""What teachers and students look at: nbgrader's marked notebooks and its feedback pages.

A marked notebook is our released one with the student's answers put in as text. Nothing else of what was handed in
gets there: an output or a Markdown cell could carry a script into the teacher's browser.
"""

import copy
import errno
import json
import logging
import os
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from paperlens.classroom import durable
from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.intake import collect, notebook
from paperlens.classroom.marking.journal import Work
from paperlens.classroom.marking.outcome import Outcome
from paperlens.errors import UserError

REFUSED = re.compile(r"\[Errno (\d+)\] ([^:\n]+)(?:: '([^'\n]*)')?")


def write_all(course: Course, assignment: Assignment, outcomes: Mapping[Work, Outcome]) -> None:
    """Write `autograded/STUDENT/NAME/` for everybody in `outcomes`."""
    path = course.root / "release" / assignment.name / f"{assignment.notebook}.ipynb"
    try:
        released = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is gone; run `paperlens class release` again, the marks are kept") from None
    students: dict[str, dict[str, Outcome]] = defaultdict(dict)
    for work, outcome in outcomes.items():
        students[work.student][work.exercise] = outcome
    for student, marks in students.items():
        submission = collect.submission(course, assignment, student)
        try:
            cells = notebook.read(submission.data) if not submission.problem else []
        except notebook.BrokenError:
            cells = []
        code = [cell.source for cell in cells if cell.code]
        answers = {
            exercise: code[outcome.cell] if 0 <= outcome.cell < len(code) else ""
            for exercise, outcome in marks.items()
        }
        folder = course.root / "autograded" / student / assignment.name
        durable.write_json(
            folder / f"{assignment.notebook}.ipynb", marked(released, answers, marks), sync=False
        )
        durable.write(folder / "timestamp.txt", submission.time.strftime(collect.TIME), sync=False)
    os.sync()


def marked(
    released: dict[str, Any], answers: Mapping[str, str], marks: Mapping[str, Outcome]
) -> dict[str, Any]:
    """The released notebook with answers in their cells and the verdict under each check."""
    page = copy.deepcopy(released)
    checks = {f"{exercise.replace('.', '-')}-score": outcome for exercise, outcome in marks.items()}
    for cell in page["cells"]:
        exercise = cell["metadata"].get("paperlens", {}).get("exercise")
        if exercise in answers:
            cell["source"] = answers[exercise] or "# no answer was found"
        outcome = checks.get(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
        if outcome is not None:
            text = "".join(f"{line}\n" for line in outcome.lines)
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
    return page


def feedback(course: Course, assignment: Assignment) -> int:
    """nbgrader's feedback pages, `feedback/STUDENT/NAME/`; returns how many students have one."""
    graded = sorted((course.root / "autograded").glob(f"*/{assignment.name}/{assignment.notebook}.ipynb"))
    if not graded:
        raise UserError(f"nothing of {assignment.name} is graded yet; run `paperlens class grade` first")
    from nbgrader.converters import GenerateFeedback
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    said = Said()
    directory = CourseDirectory(
        root=str(course.root), course_id=course.course_id, db_url=course.db_url, assignment_id=assignment.name
    )
    config = Config()
    config.GenerateFeedback.force = True
    log = logging.getLogger("paperlens.feedback")
    log.propagate, log.handlers = False, [said]
    try:
        GenerateFeedback(coursedir=directory, config=config, log=log).start()
    except NbGraderException as error:
        said.raise_refusal()
        raise UserError(f"nbgrader could not write the feedback ({error})") from None
    return len(graded)


class Said(logging.Handler):
    """nbgrader tells of what the operating system refused in its log alone, as text."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.refused: OSError | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the first refusal."""
        text = record.getMessage()
        if found := REFUSED.search(text):
            self.refused = self.refused or OSError(int(found[1]), found[2], found[3])
        elif "disk is full" in text:  # SQLite's words
            self.refused = self.refused or OSError(errno.ENOSPC, "No space left on device")

    def raise_refusal(self) -> None:
        """As if it had been raised: the command makes a sentence of it."""
        if self.refused is not None:
            raise self.refused
