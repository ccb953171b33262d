"""OKS and its average precision, worked by hand."""

import math

import pytest
import torch

from paperlens.metrics.keypoints import Poses, object_keypoint_similarity, oks_average_precision

SIGMAS = (0.05, 0.1)


def _truth(*places, visible=None):
    points = torch.tensor([[[x, 0.0], [x, 10.0]] for x in places], dtype=torch.float64).reshape(-1, 2, 2)
    seen = torch.ones(len(places), 2, dtype=torch.bool) if visible is None else torch.tensor(visible)
    return Poses(points=points, visible=seen, area=torch.full((len(places),), 100.0, dtype=torch.float64))


def _found(*places_and_scores):
    points = torch.tensor([[[x, 0.0], [x, 10.0]] for x, _ in places_and_scores], dtype=torch.float64)
    return Poses(points=points.reshape(-1, 2, 2), score=torch.tensor([s for _, s in places_and_scores]))


def test_oks_by_hand():
    truth = _truth(0.0, visible=[[True, False]])
    # d = 1, s^2 = 100, k = 2 * 0.05: exp(-1 / (2 * 100 * 0.01))
    value = object_keypoint_similarity(
        _found((1.0, 1.0)).points, truth.points, truth.visible, truth.area, SIGMAS
    )
    assert value.item() == pytest.approx(math.exp(-0.5))
    both = _truth(0.0)
    value = object_keypoint_similarity(
        _found((1.0, 1.0)).points, both.points, both.visible, both.area, SIGMAS
    )
    assert value.item() == pytest.approx((math.exp(-0.5) + math.exp(-0.125)) / 2)


def test_perfect_poses_have_precision_one_and_missing_ones_cost_recall():
    assert oks_average_precision([_found((0, 0.9), (50, 0.8))], [_truth(0, 50)], SIGMAS)["AP"] == 1.0
    half = oks_average_precision([_found((0, 0.9))], [_truth(0, 50)], SIGMAS)
    assert half["AR"] == 0.5
    assert half["AP"] == pytest.approx(51 / 101)
    assert oks_average_precision([_found()], [_truth(0)], SIGMAS)["AP"] == 0.0


def test_a_confident_mistake_costs_more_than_a_timid_one_and_duplicates_are_mistakes():
    timid = oks_average_precision([_found((0, 0.9), (500, 0.1))], [_truth(0)], SIGMAS)
    confident = oks_average_precision([_found((0, 0.1), (500, 0.9))], [_truth(0)], SIGMAS)
    assert timid["AP"] == 1.0
    assert confident["AP"] == pytest.approx(0.5)
    twice = oks_average_precision([_found((0, 0.9), (0, 0.8), (50, 0.7))], [_truth(0, 50)], SIGMAS)
    assert twice["AP50"] == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_the_most_confident_pose_chooses_first_wherever_it_is_listed():
    assert oks_average_precision([_found((0, 0.1), (0, 0.9))], [_truth(0)], SIGMAS)["AP"] == 1.0


def test_thresholds_and_images_are_all_used():
    # OKS of 0.7436 passes the five thresholds .50 to .70.
    result = oks_average_precision([_found((1, 0.9)), _found()], [_truth(0), _truth()], SIGMAS)
    assert result["AP"] == pytest.approx(0.5)
    assert result["AP50"] == 1.0
    assert result["AP75"] == 0.0
    with pytest.raises(ValueError, match="found has 1 images, truth 2"):
        oks_average_precision([_found()], [_truth(0), _truth(0)], SIGMAS)
    with pytest.raises(ValueError, match="not defined"):
        oks_average_precision([_found()], [_truth(0, visible=[[False, False]])], SIGMAS)
