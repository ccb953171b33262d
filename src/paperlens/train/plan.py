"""What decides a training run, and what it has done so far."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields

from paperlens.train.schedules import WarmupCosine

COSINE = WarmupCosine(warmup=50)
HARMLESS = ("save_every", "report_every", "seconds")  # may change between a checkpoint and its resumption


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to train: everything that decides the result, apart from the network and its data."""

    steps: int
    seed: int = 0
    learning_rate: float = 2e-3
    schedule: Callable[[int, int], float] = COSINE
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0  # at 0, AdamW is Adam
    clip: float | None = 1.0  # largest norm of the whole gradient
    average: float | None = None  # decay of the exponential moving average of the weights
    precision: str = "no"  # no, bf16 or fp16
    compile: bool = False
    save_every: int = 500
    report_every: int = 10
    seconds: float | None = None  # stop after so much time even if steps are left: a lesson has an end

    def described(self) -> dict[str, str]:
        """Every field as text, for a checkpoint to remember and a reader to compare."""
        return {f.name: repr(getattr(self, f.name)) for f in fields(self)}

    def differing(self, other: dict[str, str]) -> list[str]:
        """What another run's described plan has differently, apart from how often it saves and reports."""
        own = self.described()
        names = [name for name in own if name not in HARMLESS and own[name] != other.get(name)]
        return [f"{name} was {other.get(name)}, now {own[name]}" for name in names]


@dataclass(slots=True)
class History:
    """What a run has done: one loss a step, and its seconds (wall, and of this process's processor time)."""

    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    processor_seconds: float = 0.0
