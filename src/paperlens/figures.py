"""One look for every figure: readable on a light and a dark page, and without telling colours apart.

Figures carry their own white ground; colours are Okabe and Ito's palette for every kind of colour vision, and
line styles and markers change with them: no meaning rests on colour alone. matplotlib is imported at use,
since the package alone does without it.
"""

import io
import math
from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

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


def pictures(shown: Mapping[str, Float[Tensor, "..."]], *, columns: int = 4, width: float = WIDTH) -> None:
    """Draw pictures side by side, each under its title, `columns` in a row.

    Small pictures are shown pixel for pixel, large ones averaged to the size they get: no figure aliases.

    `shown`: title -> `3 h w` (RGB) or `1 h w` (grey), 0 to 1; values outside are shown clipped. A notebook shows
    it at once, as JPEG, which is far smaller than PNG; elsewhere it is matplotlib's current figure. ValueError for
    an empty mapping and for another shape.
    """
    import matplotlib.pyplot as plt
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from paperlens.data.images import to_image

    if not shown:
        raise ValueError("expected at least one picture, found 0.")
    columns = min(columns, len(shown))
    rows = math.ceil(len(shown) / columns)
    images = {title: to_image(tensor) for title, tensor in shown.items()}
    tallest = max(image.height / image.width for image in images.values())
    lines = max(title.count("\n") + 1 for title in images)
    height = rows * (width / columns * tallest + 0.2 * lines + 0.08)
    layout = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, wspace=0.02, hspace=0.02)
    figure = plt.figure(figsize=(width, height), layout=layout)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, (title, image) in zip(axes.flat, images.items(), strict=False):
        axis.imshow(image, interpolation="auto", cmap="gray", vmin=0, vmax=255)
        axis.set_title(title)
    if _in_notebook():
        from IPython.display import Image, display

        file = io.BytesIO()
        figure.savefig(file, format="jpeg", pil_kwargs={"quality": 92, "subsampling": 0})
        plt.close(figure)
        display(Image(file.getvalue(), format="jpeg"))  # type: ignore[no-untyped-call]


def _in_notebook() -> bool:
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")
