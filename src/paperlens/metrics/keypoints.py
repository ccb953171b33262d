"""Average precision of keypoints by object keypoint similarity (OKS), as COCO evaluates poses.

Source: COCO keypoint evaluation (cocodataset.org, "Keypoint Evaluation"). Departures: no crowd regions, no
split by object size, and no limit on the number of detections.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

# COCO's 17 keypoints: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles. k = 2 sigma.
COCO_SIGMAS = (
    *(0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072),
    *(0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089),
)
THRESHOLDS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
RECALLS = 101


@dataclass(frozen=True, slots=True, kw_only=True)
class Poses:
    """The people of one image: true ones, or found ones with their scores.

    Attributes:
        points: x and y in pixels.
        visible: which points are labelled; of a true pose only these count.
        area: the area of each true object in square pixels (unused for found ones).
        score: the confidence of each found pose (unused for true ones).
    """

    points: Float[Tensor, "n k 2"]
    visible: Bool[Tensor, "n k"] | None = None
    area: Float[Tensor, " n"] | None = None
    score: Float[Tensor, " n"] | None = None


def object_keypoint_similarity(
    found: Float[Tensor, "m k 2"],
    truth: Float[Tensor, "n k 2"],
    visible: Bool[Tensor, "n k"],
    area: Float[Tensor, " n"],
    sigmas: tuple[float, ...] = COCO_SIGMAS,
) -> Float[Tensor, "m n"]:
    """OKS of every found pose with every true one: the mean over labelled points of exp(-d^2 / (2 s^2 k^2)).

    d is the distance in pixels, s^2 the area, k twice the sigma of the point. 0 where no point is labelled.
    """
    spread = 2 * truth.new_tensor(sigmas)
    distance = (found[:, None] - truth[None]).square().sum(-1)
    near = torch.exp(-distance / (2 * area[None, :, None] * spread**2))
    counted = visible.to(near.dtype)
    total: Tensor = (near * counted).sum(-1) / counted.sum(-1).clamp(min=1)
    return total


def oks_average_precision(
    found: list[Poses], truth: list[Poses], sigmas: tuple[float, ...] = COCO_SIGMAS
) -> dict[str, float]:
    """AP over the thresholds .50 to .95 of OKS, with AP50, AP75 and the average recall AR.

    Args:
        found: one entry an image, with scores.
        truth: one entry an image, with visible points and areas; a pose without a labelled point does not count.
        sigmas: one for each keypoint.

    Raises:
        ValueError: the two lists differ in length, or nothing at all is labelled.
    """
    if len(found) != len(truth):
        raise ValueError(f"found has {len(found)} images, truth {len(truth)}")
    results = {t: _precision_and_recall(found, truth, t, sigmas) for t in THRESHOLDS}
    precision = [p for p, _ in results.values()]
    return {
        "AP": sum(precision) / len(precision),
        "AP50": results[0.5][0],
        "AP75": results[0.75][0],
        "AR": sum(r for _, r in results.values()) / len(results),
    }


def _precision_and_recall(
    found: list[Poses], truth: list[Poses], threshold: float, sigmas: tuple[float, ...]
) -> tuple[float, float]:
    """The 101-point interpolated precision at one threshold, and the recall reached."""
    scores: list[Tensor] = []
    hits: list[Tensor] = []
    count = 0
    for one, other in zip(found, truth, strict=True):
        if other.visible is None or other.area is None or one.score is None:
            raise ValueError("found poses need a score, true poses need visible and area")
        labelled = other.visible.any(-1)
        count += int(labelled.sum())
        order = one.score.argsort(descending=True, stable=True)
        similarity = object_keypoint_similarity(
            one.points[order], other.points[labelled], other.visible[labelled], other.area[labelled], sigmas
        )
        scores.append(one.score[order])
        hits.append(_match(similarity, threshold))
    if count == 0:
        raise ValueError("no true pose has a labelled point: precision is not defined")
    order = torch.cat(scores).argsort(descending=True, stable=True)
    hit = torch.cat(hits)[order].double()
    if len(hit) == 0:
        return 0.0, 0.0
    recall = hit.cumsum(0) / count
    precision = hit.cumsum(0) / torch.arange(1, len(hit) + 1)
    # Interpolated: the best precision at this recall or a larger one.
    best = precision.flip(0).cummax(0).values.flip(0)
    at = torch.searchsorted(recall, torch.linspace(0, 1, RECALLS, dtype=recall.dtype))
    padded = torch.cat([best, best.new_zeros(1)])
    return float(padded[at.clamp(max=len(best))].mean()), float(recall[-1])


def _match(similarity: Float[Tensor, "m n"], threshold: float) -> Bool[Tensor, " m"]:
    """Each found pose, best score first, takes the most similar true pose that is still free."""
    free = similarity.clone()
    hit = torch.zeros(len(free), dtype=torch.bool)
    for i in range(len(free)):
        if free.shape[1] and float(free[i].max()) >= threshold:
            hit[i] = True
            free[:, free[i].argmax()] = -1.0
    return hit
