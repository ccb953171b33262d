"""A loss curve that draws itself while a notebook trains."""

import math
from typing import Any

import numpy as np
from IPython import display
from matplotlib.figure import Figure

from paperlens.train.plan import History

show: Any = display.display  # IPython carries no types


class LivePlot:
    """Pass one as `watch` to `train`: the picture below the cell follows the loss and its running mean."""

    def __init__(self, steps: int, window: int = 25, updates: int = 20) -> None:
        self.steps, self.window = steps, window
        self.every = math.ceil(steps / updates)  # a redraw costs about 50 ms: twenty a run are enough
        self.drawn = 0
        self.handle: Any = None  # IPython's, which carries no types

    def figure(self, history: History) -> Figure:
        """Loss against step, every step faint and the running mean on top."""
        figure = Figure(figsize=(6, 3), layout="constrained")
        axes = figure.subplots()
        losses = np.array(history.losses)
        axes.plot(
            np.arange(1, len(losses) + 1), losses, color="0.8", linewidth=0.8, marker="", label="each step"
        )
        if len(losses) >= self.window:
            mean = np.convolve(losses, np.full(self.window, 1 / self.window), mode="valid")
            axes.plot(
                np.arange(self.window, len(losses) + 1),
                mean,
                color="C0",
                marker="",
                label=f"mean of {self.window}",
            )
        axes.set(xlim=(0, self.steps), yscale="log", xlabel="step", ylabel="loss")
        axes.legend()
        return figure

    def __call__(self, history: History) -> None:
        """Redraw when enough steps have passed, and at the end."""
        done = len(history.losses)
        if done < self.steps and done - self.drawn < self.every:
            return
        self.drawn = done
        figure = self.figure(history)
        if self.handle is None:
            self.handle = show(figure, display_id=True)
        else:
            self.handle.update(figure)
