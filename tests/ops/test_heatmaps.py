"""Peaks of heat maps, against joints that were drawn."""

import pytest
import torch

from paperlens.metrics.keypoints import Poses, oks_average_precision
from paperlens.ops.heatmaps import peaks


def drawn(points, height, width, h, w):
    """Heat maps, Gaussians of sigma 2 at points of an image."""
    y, x = torch.arange(h).double(), torch.arange(w).double()
    column = points[..., 0] * (w - 1) / (width - 1)
    row = points[..., 1] * (h - 1) / (height - 1)
    distance = (x - column[..., None, None]) ** 2 + (y[:, None] - row[..., None, None]) ** 2
    return (-distance / 8).exp()


def test_peaks_are_found_finer_than_a_pixel():
    points = torch.tensor([[[40.3, 100.7], [150.0, 33.1], [91.9, 200.2]]]).double()
    found, value = peaks(drawn(points, 256, 192, 64, 48), 256, 192)
    assert (found - points).abs().max() < 0.05  # a pixel of the map is four of the image
    assert (value > 0.9).all()


def test_a_flat_map_and_a_corner_stay_finite():
    maps = torch.zeros(1, 2, 8, 6)
    maps[0, 1, 7, 5] = 1
    found, value = peaks(maps, 32, 24)
    assert found.isfinite().all() and value.tolist() == [[0, 1]]
    torch.testing.assert_close(found[0, 1], torch.tensor([23.0, 31.0]))
    with pytest.raises(ValueError, match="2 by 6"):
        peaks(maps[:, :, :2], 32, 24)


def test_joints_read_from_maps_are_scored():
    points = torch.tensor([[[10.0, 50.0], [100.5, 20.2], [60.0, 210.0]]]).double()
    found, value = peaks(drawn(points, 256, 192, 64, 48), 256, 192)
    truth = Poses(
        points=points, visible=torch.ones(1, 3, dtype=torch.bool), area=torch.tensor([9000.0]).double()
    )
    result = oks_average_precision(
        [Poses(points=found, score=value.mean(-1))], [truth], sigmas=(0.026, 0.079, 0.089)
    )
    assert result["AP"] > 0.99
