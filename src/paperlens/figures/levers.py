"""One lever, one visible consequence: a control in JupyterLab, a stepper over the same pictures on the page.

Every state is drawn beforehand, so that both show the same and nothing waits. The output holds three forms:

    application/vnd.jupyter.widget-view+json    JupyterLab
    application/vnd.paperlens.lever+json        the page: {"label", "states": [{"value", "image", "text"}], "table"};
                                                image: PNG in base64; table: rows of cells, the first one the head
    text/plain                                  the table
"""

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paperlens.figures import grids, look, tables

MIME = "application/vnd.paperlens.lever+json"
MOST = 24  # states
DPI = 110


def lever(draw: Callable[[Any], object], label: str, values: Sequence[Any], *, said: str = "shows") -> None:
    """Display what `draw` draws for each of `values`, one at a time.

    `draw(value)` draws matplotlib's current figure, or returns pictures as `figures.pictures` takes them, or does the
    first and returns a sentence on what is seen; `(pictures, sentence)` is both. `label` names the lever, `said` heads
    the sentences in the table. ValueError for fewer than 2 or more than 24 values, and where nothing was drawn.
    """
    if not 2 <= len(values) <= MOST:
        raise ValueError(f"expected 2 to {MOST} states of the lever {label!r}, found {len(values)}.")
    states = [_state(draw, value) for value in values]
    rows = [[label, said], *([state["value"], state["text"]] for state in states)]
    bundle = {
        MIME: {"label": label, "states": states, "table": rows},
        "text/plain": tables.written(rows[0], rows[1:])["text/plain"],
    }
    look.publish(_control(label, states) | bundle if look.in_notebook() else bundle)


def _state(draw: Callable[[Any], object], value: Any) -> dict[str, str]:
    import matplotlib.pyplot as plt

    plt.close("all")
    found = draw(value)
    shown, text = found if isinstance(found, tuple) else (found, "")
    if isinstance(shown, str):
        shown, text = None, shown
    if isinstance(shown, Mapping):
        grids.drawn(shown)
    if not plt.get_fignums():
        raise ValueError(f"nothing was drawn for {value!r}: return pictures, or draw with matplotlib.")
    file = io.BytesIO()
    plt.gcf().savefig(file, format="png", dpi=DPI)
    plt.close("all")
    return {"value": str(value), "image": base64.b64encode(file.getvalue()).decode(), "text": str(text)}


def _control(label: str, states: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The same states as an ipywidgets control."""
    import ipywidgets as widgets

    names = [state["value"] for state in states]
    choose = widgets.SelectionSlider(
        options=names, value=names[0], description=label, style={"description_width": "initial"},
        layout={"width": "28em"},
    )  # fmt: skip
    image = widgets.Image(value=base64.b64decode(states[0]["image"]), format="png")
    text = widgets.HTML(value=states[0]["text"])

    def turned(change: Mapping[str, Any]) -> None:
        state = states[names.index(change["new"])]
        image.value, text.value = base64.b64decode(state["image"]), state["text"]

    choose.observe(turned, names="value")
    bundle: dict[str, Any] = widgets.VBox([choose, image, text])._repr_mimebundle_()
    return {form: bundle[form] for form in bundle if form.endswith("widget-view+json")}
