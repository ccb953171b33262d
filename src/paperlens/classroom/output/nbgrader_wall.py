"""What nbgrader must not do in a course of ours: run a student's cell, or write a mark that no sandbox stands for.

A course's nbgrader_config.py calls `stand`. From then on formgrader's Generate, Autograde and Generate feedback
lead to `paperlens class`, as do the commands of these names, and nothing else of nbgrader can execute a notebook.
"""

import subprocess
import sys
from typing import Any

from paperlens.errors import UserError

RELEASED = (
    "{} was released by `paperlens class release`; to change it, run that command again. Nothing was changed."
)
UNKNOWN = "{} is not released; run `paperlens class release DIR CHAPTER`. Nothing was changed."


def stand(root: str) -> None:
    """Take nbgrader's ways to a kernel away, in this process, for the course in `root`."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
    from nbgrader.converters.base import NbGraderException
    from nbgrader.preprocessors import Execute

    def refuse(command: str) -> Any:
        def start(self: Any, *_: Any, **__: Any) -> Any:
            sentence = f"nothing was run: in this course use `paperlens class {command}`"
            self.log.error(sentence)
            raise NbGraderException(sentence)

        return start

    # Only for the pages that `paperlens class feedback` asks nbgrader for; as a command it is refused like the others.
    replaced: tuple[tuple[Any, str, Any], ...] = (
        (Autograde, "start", refuse("grade DIR CHAPTER")),
        (GenerateAssignment, "start", refuse("release DIR CHAPTER")),
        (GenerateFeedback, "start", refuse("feedback DIR CHAPTER")),
        (Execute, "preprocess", refuse("grade DIR CHAPTER")),
        (NbGraderAPI, "autograde", lambda _, assignment, student, **__: grade(root, assignment, student)),
        (NbGraderAPI, "generate_assignment", lambda _, assignment, **__: released(root, assignment)),
        (
            NbGraderAPI,
            "generate_feedback",
            lambda _, assignment, *__, **___: ours(root, "feedback", assignment),
        ),
    )
    for owner, name, function in replaced:
        setattr(owner, name, function)


def grade(root: str, assignment: str, student: str) -> dict[str, Any]:
    """Formgrader's lightning: grade one student in the sandbox."""
    return ours(root, "grade", assignment, f"--student={student}")


def released(root: str, assignment: str) -> dict[str, Any]:
    """Formgrader's graduation cap: what is released stays as it is."""
    from pathlib import Path

    from paperlens.classroom import course as courses

    try:
        known = [one.name for one in courses.open_course(Path(root)).assignments()]
    except UserError as error:
        return told(1, str(error))
    return (
        told(0, RELEASED.format(assignment)) if assignment in known else told(1, UNKNOWN.format(assignment))
    )


def ours(root: str, command: str, assignment: str, *more: str) -> dict[str, Any]:
    """Run one of our commands in a process of its own and hand its words to the page."""
    line = [sys.executable, "-m", "paperlens.cli", "class", command, *more, "--", root, assignment]
    done = subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return told(done.returncode, (done.stdout + done.stderr).strip())


def told(code: int, words: str) -> dict[str, Any]:
    """What formgrader's pages understand."""
    return {"success": code == 0, "log": words} | ({} if code == 0 else {"error": words})
