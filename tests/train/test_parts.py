"""Profiles, schedules, crops, the plot: the parts around the loop."""

import math
import time
from typing import Any

import pytest
import torch
from tiny_training import network, objective, plan, source

from paperlens.errors import UserError
from paperlens.train import plot
from paperlens.train.crops import Crops
from paperlens.train.loop import train
from paperlens.train.plan import History
from paperlens.train.profiles import profile
from paperlens.train.run import seed_of
from paperlens.train.schedules import Constant, Halving, WarmupCosine, fixed, progressive


def test_the_profile_comes_from_the_argument_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAPERLENS_PROFILE")
    assert profile().name == "class"
    monkeypatch.setenv("PAPERLENS_PROFILE", "gpu")
    assert profile().name == "gpu" and profile("smoke").name == "smoke"
    monkeypatch.setenv("PAPERLENS_PROFILE", "fast")
    with pytest.raises(
        UserError, match="no profile is called 'fast'; choose one of smoke, class, gpu, paper"
    ):
        profile()


def test_a_profile_picks_its_value_or_the_next_smaller_one() -> None:
    sizes = {"smoke": 1, "class_": 2, "gpu": 3, "paper": 4}
    assert [profile(name).pick(**sizes) for name in ("smoke", "class", "gpu", "paper")] == [1, 2, 3, 4]
    assert profile("paper").pick(smoke=1, class_=2) == 2
    assert profile("paper").pick(smoke=1, class_=2, gpu=0) == 0


def test_warmup_and_cosine_by_hand() -> None:
    schedule = WarmupCosine(warmup=4, floor=0.1)
    assert [schedule(step, 12) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert schedule(8, 12) == pytest.approx(0.55)  # half way: the middle of floor and 1
    assert schedule(6, 12) == pytest.approx(0.1 + 0.9 * (1 + math.sqrt(0.5)) / 2)
    assert schedule(12, 12) == pytest.approx(0.1)
    assert Constant()(7, 12) == 1.0


def test_halving_at_the_papers_milestones() -> None:
    schedule = Halving(milestones=(0.5, 0.8, 0.9, 0.95))
    steps = (0, 249_999, 250_000, 399_999, 400_000, 450_000, 475_000, 499_999)
    assert [schedule(step, 500_000) for step in steps] == [1, 1, 0.5, 0.5, 0.25, 0.125, 0.0625, 0.0625]


def test_stages_change_batch_and_patch_at_their_step() -> None:
    sizes = progressive((0, 8, 16), (100, 4, 24), (150, 2, 32))
    assert [sizes(step) for step in (0, 99, 100, 149, 150, 999)] == [
        (8, 16),
        (8, 16),
        (4, 24),
        (4, 24),
        (2, 32),
        (2, 32),
    ]
    with pytest.raises(ValueError, match=r"begin at step 0 and go up, got first steps \[0, 9, 5\]"):
        progressive((0, 8, 16), (9, 4, 16), (5, 2, 16))
    with pytest.raises(ValueError, match=r"\[3\]"):
        progressive((3, 8, 16))


def test_training_follows_the_stages() -> None:
    crops, seen = source(), list[tuple[int, ...]]()
    staged = Crops(
        low_res=crops.low_res, high_res=crops.high_res, scale=2, sizes=progressive((0, 4, 6), (2, 2, 10))
    )

    def noted(model: torch.nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        seen.append(tuple(batch[0].shape))
        return objective(model, batch)

    train(network(), staged, noted, plan(4))
    assert seen == [(4, 3, 6, 6)] * 2 + [(2, 3, 10, 10)] * 2


def test_crops_are_aligned_and_use_every_place_and_turn() -> None:
    height, width = 9, 7
    low = torch.arange(height * width, dtype=torch.uint8).reshape(1, height, width).repeat(3, 1, 1)
    high = low.repeat_interleave(2, -1).repeat_interleave(2, -2)
    crops = Crops(low_res=[low], high_res=[high], scale=2, sizes=fixed(400, 3))
    left, right = crops(0, torch.Generator().manual_seed(0))
    assert left.shape == (400, 3, 3, 3) and right.shape == (400, 3, 6, 6)
    assert torch.equal(right[..., ::2, ::2], left) and torch.equal(right[..., 1::2, 1::2], left)
    assert {round(float(left.min()) * 255), round(float(left.max()) * 255)} == {0, height * width - 1}
    centres = (left[:, 0, 1, 1] * 255).round().unique()
    assert len(centres) == (height - 2) * (width - 2)  # every place
    whole = (left[:, 0] * 255).round().int()
    across, down = (whole[:, 0, 1] - whole[:, 0, 0]).tolist(), (whole[:, 1, 0] - whole[:, 0, 0]).tolist()
    turned = set(zip(across, down, strict=True))
    assert turned == {(a, b) for a in (1, -1) for b in (7, -7)} | {(b, a) for a in (1, -1) for b in (7, -7)}


def test_crops_depend_on_the_generator_alone() -> None:
    one, two = (source()(step, torch.Generator().manual_seed(7)) for step in (0, 5))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    with pytest.raises(ValueError, match=r"patch 21 does not fit into picture . of"):
        source(patch=21)(0, torch.Generator())


def test_neighbouring_seeds_share_nothing() -> None:
    seeds = {seed_of(seed, step) for seed in range(4) for step in range(50)}
    assert len(seeds) == 200 and all(0 <= seed < 2**63 for seed in seeds)
    assert seed_of(0, 1) != seed_of(1, 0) and seed_of(3, 4) == seed_of(3, 4)


def test_the_live_plot_draws_one_picture_and_updates_it(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    class Handle:
        def update(self, figure: Any) -> None:
            drawn.append("update")

    def show(figure: Any, display_id: bool) -> Handle:
        drawn.append("first")
        return Handle()

    monkeypatch.setattr(plot, "show", show)
    live = plot.LivePlot(steps=12, window=3, updates=3)
    history = train(network(), source(), objective, plan(report_every=1), watch=live)
    assert drawn == ["first", "update", "update"]
    lines = live.figure(history).axes[0].get_lines()
    assert list(lines[0].get_ydata()) == history.losses
    assert lines[1].get_ydata()[0] == pytest.approx(sum(history.losses[:3]) / 3)
    assert lines[1].get_xdata()[0] == 3


def test_a_short_history_has_no_mean_yet() -> None:
    assert len(plot.LivePlot(steps=9).figure(History([0.5, 0.4])).axes[0].get_lines()) == 1


def test_the_loader_is_quick() -> None:
    """A batch of eight crops costs well below the 40 ms that a step of the smallest network costs."""
    crops, generator = source(batch=8, patch=16), torch.Generator().manual_seed(0)
    times = []
    for step in range(20):
        began = time.process_time()
        crops(step, generator)
        times.append(time.process_time() - began)
    assert sorted(times)[10] < 0.008
