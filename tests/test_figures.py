"""The figures: drawn at the size asked for, pixel for pixel, and told apart without colour."""

import matplotlib as mpl
import pytest
import torch

from paperlens import figures

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _own_style():
    with mpl.rc_context():
        figures.style()
        yield
        plt.close("all")


def test_every_picture_has_its_title_and_its_pixels():
    red = torch.zeros(3, 4, 6)
    red[0] = 1.5  # out of range: shown clipped
    figures.pictures({"red": red, "grey": torch.full((1, 5, 5), 0.5), "third": red}, columns=2)
    axes = plt.gcf().axes
    assert [axis.get_title() for axis in axes] == ["red", "grey", "third", ""]
    assert axes[0].images[0].get_array().shape == (4, 6, 3)
    assert axes[0].images[0].get_interpolation() == "auto"
    assert plt.gcf().get_figwidth() == figures.WIDTH


def test_lines_differ_in_more_than_colour():
    axis = plt.subplots()[1]
    lines = [axis.plot([0, 1], [k, k])[0] for k in range(len(figures.COLOURS))]
    assert len({line.get_marker() for line in lines}) == len(lines)


def test_no_picture_and_no_picture_shape_are_refused():
    with pytest.raises(ValueError, match="found 0"):
        figures.pictures({})
    with pytest.raises(ValueError, match=r"\(2, 4, 4\)"):
        figures.pictures({"two channels": torch.zeros(2, 4, 4)})


def test_a_notebook_gets_a_small_jpeg_at_once(monkeypatch):
    shown = []
    monkeypatch.setattr(figures, "_in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", shown.append)
    figures.pictures({"noise": torch.rand(3, 60, 90, generator=torch.Generator().manual_seed(0))})
    assert shown[0].data[:3] == b"\xff\xd8\xff" and shown[0].format == "jpeg"
    assert not plt.get_fignums()  # nothing is left to be shown a second time
