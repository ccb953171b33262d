"""Learning rates and batch sizes as pure functions of the step: what needs no state needs no saving.

A schedule maps (step, steps) to a factor on the plan's learning rate, and its repr is what a checkpoint
compares; a size map turns a step into (batch, patch).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """Always 1."""

    def __call__(self, step: int, steps: int) -> float:
        """Factor 1 at every step."""
        return 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmupCosine:
    """A straight line from 1/warmup to 1 over `warmup` steps, then half a cosine down to `floor`.

    Loshchilov & Hutter, "SGDR", ICLR 2017, Eq. 5, one period, with the warm-up of Goyal et al., 2017.
    """

    warmup: int
    floor: float = 0.0

    def __call__(self, step: int, steps: int) -> float:
        """Factor in 0..1 for `step` counted from 0."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        progress = (step - self.warmup) / max(1, steps - self.warmup)
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * progress)) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Halving:
    """Half the rate at every milestone, given as shares of the whole run (SwinIR: 1/2, 4/5, 9/10, 19/20)."""

    milestones: tuple[float, ...]

    def __call__(self, step: int, steps: int) -> float:
        """Factor 2 ** -(milestones reached)."""
        return float(0.5 ** sum(step >= share * steps for share in self.milestones))


def fixed(batch: int, patch: int) -> Callable[[int], tuple[int, int]]:
    """The same (batch, patch) at every step."""
    return lambda step: (batch, patch)


def progressive(*stages: tuple[int, int, int]) -> Callable[[int], tuple[int, int]]:
    """Stages (first step, batch, patch), in order: small patches in large batches first, then the reverse.

    Zamir et al., "Restormer", CVPR 2022, Sec. 4: statistics of large crops at little more than small ones
    cost.
    """
    starts = [first for first, _, _ in stages]
    if not stages or starts[0] != 0 or starts != sorted(set(starts)):
        raise ValueError(f"stages must begin at step 0 and go up, got first steps {starts}")
    return lambda step: next((batch, patch) for first, batch, patch in reversed(stages) if step >= first)
