"""What one answer may use; the numbers a teacher meets in the documentation."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on one exercise of one student, all its calls together."""

    wall: float = 20.0  # seconds during which the judge waits for the answer
    cpu: int = 10  # seconds of processor time; `check` in the notebook gives 6
    memory: int = 1 << 30  # bytes above what Python and torch map themselves
    processes: int = 64  # threads, that is: a second process is forbidden altogether
    disk: int = 32 << 20  # bytes on a private disk in memory
    messages: int = 64  # notes that may arrive unasked

    def inside(self) -> dict[str, int | float]:
        """The form in which they travel to the sandbox."""
        return asdict(self)
