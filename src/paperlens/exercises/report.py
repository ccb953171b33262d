"""What a check returns: results one by one, and at most four lines for a person tired at midnight."""

from __future__ import annotations

from dataclasses import dataclass, field

LINE_WIDTH = 160
MOST_LINES = 4


class AnswerError(Exception):
    """The answer failed in a way that one sentence tells: it raised, ran too long, returned no tensor.

    A `Call` raises it; `judge` turns it into a failed result. `final` means that no further call can be made
    (time is up, the process is gone), so that judging stops there.
    """

    def __init__(self, sentence: str, *, final: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.final = final


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One thing that was checked; a failed one carries a sentence."""

    name: str
    passed: bool
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The outcome of a check: `passed` is True exactly when every result passed."""

    exercise: str
    results: tuple[Result, ...]
    misconception: str | None = None
    _shown_in: list[int] = field(default_factory=list, repr=False, compare=False)

    @property
    def passed(self) -> bool:
        """True when every result passed, and there is at least one."""
        return bool(self.results) and all(result.passed for result in self.results)

    def lines(self) -> list[str]:
        """What `check` prints: at most four lines, none longer than a screen."""
        if self.passed:
            return [f"{self.exercise}: correct. All {len(self.results)} checks passed."]
        failed = [result for result in self.results if not result.passed]
        good = len(self.results) - len(failed)
        first = failed[0] if failed else Result(name="check", passed=False, message="nothing was checked")
        lines = [f"{self.exercise}: not yet. {good} of {len(self.results)} checks passed; the first that did not:"]
        lines.append(f"  {first.name}: {first.message}")
        if self.misconception:
            lines.append(f"  Looks like this: {self.misconception}")
        return [one_line(line, LINE_WIDTH * 2) for line in lines[:MOST_LINES]]

    def __str__(self) -> str:
        return "\n".join(self.lines())


def one_line(text: str, limit: int) -> str:
    """Printable text on one line of at most `limit` characters, whatever came in."""
    start = text[: 4 * limit].encode("utf-8", "backslashreplace").decode("utf-8")
    indent = start[: len(start) - len(start.lstrip(" "))]
    joined = indent + " ".join("".join(c if c.isprintable() or c.isspace() else "?" for c in start).split())
    return joined if len(joined) <= limit else joined[: limit - 3] + "..."
