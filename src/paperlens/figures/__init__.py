"""What chapters draw again and again: pictures, architectures, curves, tables, sliders and levers."""

from paperlens.lazy import exports

EXPORTS = {
    "COLOURS": "paperlens.figures.look",
    "LINES": "paperlens.figures.look",
    "MARKERS": "paperlens.figures.look",
    "WIDTH": "paperlens.figures.look",
    "style": "paperlens.figures.look",
    "pictures": "paperlens.figures.grids",
    "strip": "paperlens.figures.grids",
    "boxes": "paperlens.figures.architecture",
    "curves": "paperlens.figures.plots",
    "table": "paperlens.figures.tables",
    "show_table": "paperlens.figures.tables",
    "before_after": "paperlens.figures.sliders",
    "lever": "paperlens.figures.levers",
}
__getattr__, __dir__ = exports(__name__, EXPORTS)
