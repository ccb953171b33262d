"""Means, spreads and paired differences, held against sums by hand; curves with their band."""

import matplotlib as mpl
import numpy as np
import pytest

from paperlens.figures import look, plots, tables

mpl.use("Agg")
import matplotlib.pyplot as plt

SCORES = {"bicubic": [[10.0, 20.0]], "ours": [[12.0, 21.0], [14.0, 25.0]]}


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(look, "publish", found.append)
    return found


def test_differences_are_paired_by_picture(shown):
    rows = tables.table(
        SCORES, value="PSNR (dB)", protocol="by <hand>", against="bicubic", pictures=("a", "b")
    )
    ours = rows["ours"]
    assert (ours.mean, ours.seeds, ours.pictures) == (18.0, (16.5, 19.5), (13.0, 23.0))
    assert (ours.difference, ours.differences) == (3.0, (3.0, 3.0))
    plain = shown[0]["text/plain"].splitlines()
    assert plain[1].split() == ["bicubic", "15.00", "one", "run", "10.00", "20.00"]
    assert plain[2].split()[:4] == ["ours", "18.00", "16.50", "to"] and "+3.00 (+3.00 to +3.00)" in plain[2]
    assert plain[-1] == "by <hand>" and "by &lt;hand&gt;" in shown[0]["text/html"]


def test_signs_that_disagree_are_seen(shown):
    rows = tables.table({"a": [[0.0, 0.0]], "b": [[5.0, -1.0]]}, value="dB", protocol="", against="a")
    assert rows["b"].difference == 2.0 and "+2.00 (-1.00 to +5.00)" in shown[0]["text/plain"]


def test_other_pictures_are_refused():
    with pytest.raises(ValueError, match=r"one set of pictures for every method, found \[2, 3\]"):
        tables.table({"a": [[1, 2]], "b": [[1, 2, 3]]}, value="dB", protocol="")


def test_a_curve_is_the_mean_in_a_band_of_its_repetitions():
    plots.curves([0.0, 1.0], {"one": [1, 2], "three": [[1, 2], [3, 6], [2, 1]]}, xlabel="x", ylabel="y")
    axis = plt.gca()
    assert [line.get_label() for line in axis.lines] == ["one", "three (3)"]
    assert axis.lines[1].get_ydata().tolist() == [2.0, 3.0]
    (band,) = axis.collections
    assert np.concatenate([p.vertices for p in band.get_paths()])[:, 1].min() == 1.0
    assert np.concatenate([p.vertices for p in band.get_paths()])[:, 1].max() == 6.0
    plt.close("all")
    with pytest.raises(ValueError, match="'one' has 2 values a row, expected 3"):
        plots.curves([0, 1, 2], {"one": [1, 2]}, xlabel="x", ylabel="y")
