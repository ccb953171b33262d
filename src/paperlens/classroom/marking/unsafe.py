"""`--unsafe`: answers run in the grader's own process, for a teacher's own trusted files. No wall at all."""

from collections.abc import Mapping
from typing import Any

from paperlens.classroom.sandbox import worker
from paperlens.classroom.sandbox.call import MOST_CANDIDATES, Found
from paperlens.classroom.sandbox.limits import Limits
from paperlens.exercises.engine import reach
from paperlens.exercises.engine.local import LocalCall
from paperlens.exercises.engine.report import AnswerError

WARNING = (
    "--unsafe: the answers run with your own rights, in this process. They can read and change your files, the "
    "gradebook and their own score. Use it for files that you wrote or read yourself."
)


class UnsafeAnswer:
    """The same face as a remote answer."""

    def __init__(self, task: Mapping[str, Any], limits: Limits) -> None:
        self.status: str | None = None
        self.sentence = ""
        self.notes: list[str] = []
        self.found: Found | None = None
        self.failed = ""
        function: Any = None
        try:
            page = reach.Notebook(task["cells"])
            candidates = page.candidates(task["exercise"], task["function"], task["marked"])
            answer = candidates[min(task["attempt"], len(candidates) - 1)]
            selection = page.select(answer)
            place = page.statements[answer.defined].cell
            self.found = Found(
                min(len(candidates), MOST_CANDIDATES),
                place,
                answer.checked,
                answer.stub,
                tuple(selection.unknown[:3]),
            )
            function, self.failed = worker.load(page, answer, selection)
        except reach.RefusedError as refusal:
            self.status, self.sentence = refusal.status, str(refusal)
        if self.status is None and not callable(function):
            self.status, self.sentence = (
                "malformed",
                f"the answer cell defines no function `{task['function']}`",
            )
            function = None
        self.call = LocalCall(function or (lambda: None), float(limits.cpu))

    def __enter__(self) -> "UnsafeAnswer":
        self.call.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.call.__exit__(*error)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As the remote one; raises `AnswerError`."""
        try:
            return self.call(*args, **kwargs)
        except AnswerError as error:
            if error.final and "longer than" in error.sentence:
                self.status, self.sentence = "timeout", error.sentence
            raise


def in_this_process(task: Mapping[str, Any], limits: Limits) -> UnsafeAnswer:
    """Load the answer here."""
    return UnsafeAnswer(task, limits)
