"""What can stop a training run, each told with what to change."""

import math
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
from accelerate import Accelerator

from paperlens.errors import UserError


class StopRequest:
    """Ctrl-C and a cluster's SIGTERM become a flag that the loop reads between steps: no step is cut in half.

    A second Ctrl-C interrupts at once. Outside the main thread, where no signals arrive, it does nothing.
    """

    def __init__(self) -> None:
        self.asked = False
        self.previous: dict[int, Any] = {}

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.previous[number] = signal.signal(number, self.ask)
        return self

    def ask(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def agreed(self, accelerator: Accelerator) -> bool:
        """Whether any process was asked to stop: all of them learn of it after the same step."""
        if self.asked:
            accelerator.set_trigger()
        return bool(accelerator.check_trigger())

    def __exit__(self, *_: object) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)


@contextmanager
def memory_explained(shapes: list[tuple[int, ...]]) -> Iterator[None]:
    """Turn an allocator's failure into a sentence that says what to change; the loop fills `shapes`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        told = str(error).lower()
        exhausted = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not exhausted and "can't allocate memory" not in told and "out of memory" not in told:
            raise
        batch = shapes[0][0] if shapes else 0
        sides = " and ".join("x".join(map(str, shape)) for shape in shapes) or "the first batch"
        smaller = f"a batch of {batch // 2}" if batch > 1 else "smaller patches"
        raise UserError(
            f"out of memory with a batch of {sides}: use {smaller}, or a smaller profile; on a graphics card "
            "precision bf16 takes about half."
        ) from error


def check_finite(losses: Sequence[float], step: int, rate: float) -> None:
    """Stop at the first loss that is not a number; `step` is the step of the first of `losses`."""
    for index, loss in enumerate(losses):
        if not math.isfinite(loss):
            raise UserError(
                f"the loss is {loss} at step {step + index} with learning rate {rate:.3g}: lower the rate, "
                "lengthen the warm-up or clip the gradients; the last checkpoint is from before."
            )
