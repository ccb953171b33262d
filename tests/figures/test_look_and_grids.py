"""The figures: drawn at the size asked for, pixel for pixel, and told apart without colour."""

import matplotlib as mpl
import pytest
import torch

from paperlens import figures
from paperlens.figures import look

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
    monkeypatch.setattr(look, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", shown.append)
    figures.pictures({"noise": torch.rand(3, 60, 90, generator=torch.Generator().manual_seed(0))})
    assert shown[0].data[:3] == b"\xff\xd8\xff" and shown[0].format == "jpeg"
    assert not plt.get_fignums()  # nothing is left to be shown a second time


def test_a_strip_frames_the_detail_and_scores_each_view_against_the_truth():
    truth = torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(0))
    worse = (truth + 0.1).clamp(0, 1)
    figures.strip({"truth": truth, "worse": worse}, (4, 10, 8), truth="truth")
    axes = plt.gcf().axes
    error = (worse - truth).double().square().mean()
    assert [axis.get_title() for axis in axes] == [
        "truth, whole",
        "truth",
        f"worse\n{float(-10 * error.log10()):.2f} dB",
    ]
    whole, detail = (axis.images[0].get_array() for axis in axes[:2])
    assert whole.shape == (30, 30, 3) and detail.shape == (8, 8, 3)
    assert (whole[5 + 4, 10] != (truth[:, 4, 10] * 255).round().numpy()).any()  # the frame
    assert (detail == (truth[:, 4:12, 10:18] * 255).round().permute(1, 2, 0).numpy()).all()


def test_a_strip_refuses_other_sizes_and_a_detail_outside():
    picture = torch.zeros(1, 8, 8)
    with pytest.raises(ValueError, match="one size"):
        figures.strip({"a": picture, "b": torch.zeros(1, 8, 9)}, (0, 0, 4))
    with pytest.raises(ValueError, match=r"detail of 4 at \(5, 0\) does not lie in a picture of 8 x 8"):
        figures.strip({"a": picture}, (5, 0, 4))
