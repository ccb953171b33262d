"""Curves with the spread over what was repeated."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from paperlens.figures import look


def curves(
    x: Sequence[float | int],
    series: Mapping[str, ArrayLike],
    *,
    xlabel: str,
    ylabel: str,
    log: bool = False,
) -> None:
    """One line a series with a band from the smallest to the largest of its repetitions.

    `series`: name -> one row of values at `x`, or several rows (seeds, pictures), of which the line is the mean.
    `log`: a logarithmic vertical axis. The figure is matplotlib's current one. ValueError for rows of another length.
    """
    import matplotlib.pyplot as plt

    axis = plt.subplots()[1]
    for name, values in series.items():
        rows = np.atleast_2d(np.asarray(values, dtype=float))
        if rows.shape[1] != len(x):
            raise ValueError(f"{name!r} has {rows.shape[1]} values a row, expected {len(x)} as in x.")
        told = name if len(rows) == 1 else f"{name} ({len(rows)})"
        (line,) = axis.plot(x, rows.mean(0), label=told, markevery=max(1, len(x) // 12))
        if len(rows) > 1:
            axis.fill_between(x, rows.min(0), rows.max(0), color=line.get_color(), alpha=0.18, linewidth=0)
    axis.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
    axis.legend()
    if look.in_notebook():
        plt.show()
