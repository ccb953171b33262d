"""Graded references: each level less like the target than the one before."""

import pytest
import torch

from paperlens.data.references import LEVELS, disparity, reference_pair


def pair(level: str, seed: int = 3):
    return reference_pair(level, torch.Generator().manual_seed(seed), size=96, place=(200, 320))


def best_match(reference: torch.Tensor, target: torch.Tensor) -> float:
    """Mean over target patches of the highest normalised correlation with any reference patch: what TTSR looks for."""

    def patches(image: torch.Tensor) -> torch.Tensor:
        found = torch.nn.functional.unfold(image, 7, stride=4)[0].T
        found = found - found.mean(1, keepdim=True)
        return found / found.norm(dim=1, keepdim=True).clamp_min(1e-6)

    return float((patches(target) @ patches(reference).T).amax(1).mean())


def test_similarity_falls_from_level_to_level() -> None:
    similarity = [best_match(pair(level).reference, pair(level).high_res) for level in LEVELS]
    assert similarity[0] == pytest.approx(1, abs=1e-3)
    assert similarity[0] > similarity[1] > similarity[3] > similarity[4]
    assert similarity[2] > similarity[3]


def test_shapes_and_repeatability() -> None:
    for level in LEVELS:
        first, again = pair(level), pair(level)
        assert first.low_res.shape == (1, 3, 24, 24)
        assert first.reference.shape == first.high_res.shape == (1, 3, 96, 96)
        assert torch.equal(first.reference, again.reference)
        assert 0 <= first.reference.min() <= first.reference.max() <= 1


def test_place_is_drawn_from_the_generator() -> None:
    first, second = (reference_pair("view", torch.Generator().manual_seed(s), size=64) for s in (0, 1))
    assert not torch.equal(first.high_res, second.high_res)


def test_disparity_finds_a_known_shift() -> None:
    right = torch.rand(1, 3, 20, 200, generator=torch.Generator().manual_seed(0))
    crop = right[..., 4:14, 73:83]
    assert disparity(crop, right, 4, 100) == 27


def test_unknown_level_and_crop_outside() -> None:
    with pytest.raises(ValueError, match="'near' is not one of"):
        pair("near")
    with pytest.raises(ValueError, match="does not fit into 500 x 741"):
        reference_pair("view", torch.Generator(), size=96, place=(450, 320))
