"""How a batch is run."""

from dataclasses import dataclass, field

from paperlens.classroom.sandbox.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `paperlens class grade` was told."""

    workers: int = 1
    scheduler: str = ""
    student: str = ""
    regrade: bool = False
    unsafe: bool = False
    limits: Limits = field(default_factory=Limits)
