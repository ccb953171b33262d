"""What a check returns: results one by one, and at most four lines for a person tired at midnight."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from paperlens.exercises.engine.exercise import Case

LONGEST_LINE = 240
MOST_LINES = 4


class AnswerError(Exception):
    """The answer failed in a way that one sentence tells: it raised, ran too long, returned no tensor.

    A `Call` raises it; `judge` turns it into a failed result. `final` means that no further call can be made
    (time is up, the process is gone), so that judging stops there. `returned` says what came back where that was
    no tensor and no plain value ("a NumPy float64"), so that the judge can add what was expected.
    """

    def __init__(self, sentence: str, *, final: bool = False, returned: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.final = final
        self.returned = returned


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One thing that was checked; a failed one carries a sentence, and the input that it failed for in words."""

    name: str
    passed: bool
    message: str = ""
    given: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The outcome of a check: `passed` is True exactly when every result passed.

    `case` is the first input that failed, to try again by hand: `report.case.args`. None where all passed.
    """

    exercise: str
    results: tuple[Result, ...]
    misconception: str | None = None
    note: str = ""  # what a class could not give a right answer
    case: Case | None = field(default=None, repr=False, compare=False)
    _shown_in: list[int] = field(default_factory=list, repr=False, compare=False)

    @property
    def passed(self) -> bool:
        """True when every result passed, and there is at least one."""
        return bool(self.results) and all(result.passed for result in self.results)

    def lines(self) -> list[str]:
        """What `check` prints: at most four lines, none longer than a screen."""
        if self.passed:
            done = f"{self.exercise}: correct, all {len(self.results)} checks passed."
            return [done, one_line(f"  But in a class {self.note}", LONGEST_LINE)] if self.note else [done]
        first = next((r for r in self.results if not r.passed), None)
        good = sum(result.passed for result in self.results)
        lines = [f"{self.exercise}: not yet. {good} of {len(self.results)} checks passed."]
        if first and len(self.results) == 1:
            lines = [f"{self.exercise}: not yet."]
        elif first and not first.message.startswith("raised "):
            lines += [f"  Broken: {first.name}" + (f" ({first.given})" if first.given else "")]
        if first and first.message.startswith("raised "):
            lines += [
                "  An error stopped it" + (f" ({first.given})" if first.given else f" for {first.name}")
            ]
        if first:
            lines += [f"  {first.message[:1].upper()}{first.message[1:]}"]
        if self.misconception:
            lines.append(f"  Looks like: {self.misconception}")
        return [one_line(line, LONGEST_LINE) for line in lines[:MOST_LINES]]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def was_shown(self) -> None:
        """Remember the notebook cell that printed this report."""
        self._shown_in[:] = _cell()

    def _ipython_display_(self) -> None:
        """Print, unless `check` did so in this very cell, where its value ends up on the last line."""
        if self._shown_in != _cell() or not self._shown_in:
            print(self)


def _cell() -> list[int]:
    """The number of the notebook cell that runs now; empty outside notebooks."""
    if "IPython" not in sys.modules:
        return []
    shell = sys.modules["IPython"].get_ipython()
    return [shell.execution_count] if shell else []


def one_line(text: str, limit: int) -> str:
    """Printable text on one line of at most `limit` characters, whatever came in."""
    start = text[: 4 * limit].encode("utf-8", "backslashreplace").decode("utf-8")
    indent = start[: len(start) - len(start.lstrip(" "))]
    joined = indent + " ".join("".join(c if c.isprintable() or c.isspace() else "?" for c in start).split())
    return joined if len(joined) <= limit else joined[: limit - 3] + "..."
