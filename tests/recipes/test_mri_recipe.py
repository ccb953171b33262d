"""The guided and the unguided recipe: what is committed says what the chapter says, and what is moved is the guide."""

import pytest
import torch
from torch import Tensor, nn

from paperlens.recipes import find, results
from paperlens.recipes.mri_contrast import guide as mri
from paperlens.train.profiles import profile

SMOKE = profile("smoke")


class GuideAlone(nn.Module):
    """Answers with its guide, so that a score tells which guide it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.zero = nn.Parameter(torch.zeros(()))

    def forward(self, low: Tensor, guide: Tensor) -> Tensor:
        return guide + self.zero


def test_both_networks_differ_by_one_input_channel_alone() -> None:
    sizes = {
        name: [p.shape for p in find(name).network(SMOKE).parameters()]
        for name in ("mri_guided", "mri_unguided")
    }
    differing = [(a, b) for a, b in zip(*sizes.values(), strict=True) if a != b]
    assert differing == [(torch.Size([16, 2, 3, 3]), torch.Size([16, 1, 3, 3]))]


def test_the_score_moves_the_guide_and_swaps_it() -> None:
    people = mri.subjects("test", SMOKE)
    scores = mri.guided_scores(GuideAlone(), SMOKE)[people[0].name]
    for distance in mri.SHIFTS:
        # By hand where the distance is whole: the content goes to the right.
        if distance == int(distance):
            rolled = people[0].guide.roll(int(distance), -1)
            assert scores[mri.moved(distance)] == pytest.approx(
                mri.decibels(rolled, people[0].target), abs=0.02
            )
    assert scores["psnr"] == mri.decibels(people[0].guide, people[0].target)
    assert scores[mri.ANOTHER] == mri.decibels(people[1].guide, people[0].target)


def test_batches_hold_the_guide_only_where_it_is_used() -> None:
    generator = torch.Generator().manual_seed(0)
    assert len(find("mri_guided").source(SMOKE, None)(0, generator)) == 3
    assert len(find("mri_unguided").source(SMOKE, None)(0, generator)) == 2


def test_a_guide_helps_in_place_hurts_two_pixels_away_and_is_not_ignored() -> None:
    guided, alone = results("mri_guided"), results("mri_unguided")
    without = max(run.mean() for run in alone.runs)
    least = min(run.mean() for run in alone.runs)
    for run in guided.runs:
        assert run.mean() > without + 1.5
        for side in (-1, 1):
            by_distance = [run.mean(), *(run.mean(mri.moved(side * d)) for d in (0.5, 1.0, 2.0))]
            assert by_distance == sorted(by_distance, reverse=True)
            assert by_distance[-1] < least - 1.5
            assert run.mean(mri.ANOTHER) < by_distance[-1]


def test_training_on_moved_guides_gives_up_a_little_in_place_and_keeps_most_two_pixels_away() -> None:
    guided, moved = results("mri_guided"), results("mri_guided_moved")
    for trusting, wary in zip(guided.runs, moved.runs, strict=True):
        assert trusting.mean() - 1.5 < wary.mean() < trusting.mean()
        for distance in (-2.0, 2.0):
            assert wary.mean(mri.moved(distance)) > trusting.mean(mri.moved(distance)) + 2
