"""How one exercise of one student ended, as plain values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

STATUSES = ("graded", "missing", "timeout", "memory", "crashed", "malformed", "forbidden")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one exercise ended: its points if everything that was checked held, or the share that did, as was agreed."""

    exercise: str
    status: str
    score: float
    possible: float
    lines: tuple[str, ...]  # what the student reads
    failed: str = ""  # the first thing that did not hold
    misconception: str = ""
    notes: tuple[str, ...] = ()  # what the answer was seen trying, for the teacher
    remark: str = ""  # what had become of the cell, for the teacher
    seconds: float = 0.0
    cell: int = -1  # the answer's number among the code cells, -1 where there is none
    held: int = 0  # of the checks
    checks: int = 0
    version: str = ""  # of the exercise and how it counts: marks of two versions do not compare

    def record(self) -> dict[str, Any]:
        """As plain values, for the journal."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Outcome":
        """Back from `record`."""
        lists = {name: tuple(record[name]) for name in ("lines", "notes")}
        return cls(**{**record, **lists})

    @property
    def right(self) -> bool:
        """Everything held."""
        return self.status == "graded" and self.checks > 0 and self.held == self.checks


def nothing(exercise: str, points: float | int, status: str, sentence: str) -> Outcome:
    """No points, and one sentence why."""
    lines = (f"{exercise}: {status}.", f"  {sentence}")
    return Outcome(
        exercise=exercise,
        status=status,
        score=0.0,
        possible=float(points),
        lines=lines,
        failed=sentence,
    )
