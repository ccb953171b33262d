"""A lever and a slider carry what both front ends need, drawn beforehand."""

import base64
import io
import json

import matplotlib as mpl
import pytest
import torch
from PIL import Image

from paperlens.figures import levers, look, sliders

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(look, "publish", found.append)
    return found


def plotted(value):
    plt.plot([0, value])
    return f"reaches {value}"


def test_every_state_is_drawn_with_its_sentence(shown):
    levers.lever(plotted, "reach", [1, 2, 4], said="what is seen")
    data = json.loads(json.dumps(shown[0]))[levers.MIME]
    assert (data["label"], [s["value"] for s in data["states"]]) == ("reach", ["1", "2", "4"])
    assert data["table"] == [["reach", "what is seen"], *([str(v), f"reaches {v}"] for v in (1, 2, 4))]
    sizes = {Image.open(io.BytesIO(base64.b64decode(s["image"]))).size for s in data["states"]}
    assert len(sizes) == 1 and len({s["image"] for s in data["states"]}) == 3
    assert "reaches 4" in shown[0]["text/plain"] and not plt.get_fignums()


def test_pictures_may_be_returned_alone_or_with_a_sentence(shown):
    pictures = {"flat": torch.full((1, 8, 8), 0.5)}
    levers.lever(lambda value: (pictures, "seen") if value else pictures, "v", [0, 1])
    assert [state["text"] for state in shown[0][levers.MIME]["states"]] == ["", "seen"]


def test_a_notebook_gets_a_control_of_the_same_states(shown, monkeypatch):
    monkeypatch.setattr(look, "in_notebook", lambda: True)
    levers.lever(plotted, "reach", [1, 2])
    assert levers.MIME in shown[0] and "application/vnd.jupyter.widget-view+json" in shown[0]
    assert "<function" not in str(shown[0])


def test_too_few_too_many_and_nothing_drawn_are_refused(shown):
    for values in ([1], range(25)):
        with pytest.raises(ValueError, match=f"2 to 24 states of the lever 'v', found {len(values)}"):
            levers.lever(plotted, "v", list(values))
    with pytest.raises(ValueError, match="nothing was drawn for 1"):
        levers.lever(lambda value: None, "v", [1, 2])


def test_a_slider_holds_both_pictures_and_refuses_two_sizes(shown, monkeypatch):
    monkeypatch.setattr(look, "in_notebook", lambda: True)
    dark, light = torch.zeros(3, 10, 16), torch.ones(3, 10, 16)
    sliders.before_after(dark, light, ("before", "after"), "It grows light.")
    data = shown[0][sliders.MIME]
    assert (data["labels"], data["alt"], data["width"], data["height"]) == (
        ["before", "after"], "It grows light.", 16, 10,
    )  # fmt: skip
    means = [
        sum(Image.open(io.BytesIO(base64.b64decode(data[k]))).convert("L").tobytes())
        for k in ("before", "after")
    ]
    assert means[0] < means[1] / 10 and "application/vnd.jupyter.widget-view+json" in shown[0]
    with pytest.raises(ValueError, match="one size"):
        sliders.before_after(dark, light[..., 1:], ("a", "b"), "")
