"""One look for every figure: readable on a light and a dark page, and without telling colours apart.

Plots carry their own white ground; colours are Okabe and Ito's palette for every kind of colour vision, and line styles
and markers change with them: no meaning rests on colour alone. matplotlib is imported at use, since the package alone
does without it.
"""

from typing import Any

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), "-")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
WIDTH = 6.6  # inches; a point of type comes out at its own size in the page's text column
DPI = 132


def style() -> None:
    """Set the look for the rest of the session: sizes, ground, grid, palette, line styles, markers."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(
        {
            "figure.dpi": DPI,
            "savefig.dpi": DPI,
            "figure.figsize": (WIDTH, 2.8),
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "axes.facecolor": "white",
            "axes.edgecolor": "#444444",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#DDDDDD",
            "axes.titlesize": 9,
            "axes.labelsize": 9,
            "font.size": 9,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "lines.markersize": 5,
            "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=LINES) + cycler(marker=MARKERS),
        }
    )


def in_notebook() -> bool:
    """Whether a front end waits for what is displayed."""
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def publish(bundle: dict[str, Any]) -> None:
    """Display one output that holds several forms of the same; each front end takes the one it knows best."""
    from IPython.display import display

    display(bundle, raw=True)  # type: ignore[no-untyped-call]
