"""The committed result says what the text says, and its pieces do what their names say."""

import json
from statistics import mean

import numpy as np
import pytest
import torch

from paperlens.data import path
from paperlens.recipes import phantom as recipe


@pytest.fixture(scope="module")
def runs() -> list[dict[str, float]]:
    found: list[dict[str, float]] = json.loads(path("results/phantom.json").read_text(encoding="utf-8"))[
        "runs"
    ]
    return found


def over(runs: list[dict[str, float]], name: str) -> float:
    return mean(run[name] for run in runs)


def test_three_seeds_and_the_same_data_for_all(runs) -> None:
    assert [run["seed"] for run in runs] == [0, 1, 2]
    assert len({run["zero filling"] for run in runs}) == 1


def test_a_linear_map_stays_clearly_below_a_learned_one(runs) -> None:
    for run in runs:
        assert run["learned map of T1"] > run["linear map of T1"] + 5


def test_a_guide_helps_in_place_and_hurts_two_pixels_away(runs) -> None:
    alone = over(runs, "restored without guide")
    by_distance = [over(runs, f"restored with guide, {d:g} pixels away") for d in recipe.SHIFTS]
    assert by_distance == sorted(by_distance, reverse=True)
    assert by_distance[0] > alone + 1
    assert by_distance[-1] < alone - 1


def test_every_statistic_names_a_source() -> None:
    rows = json.loads(path("results/phantom.json").read_text(encoding="utf-8"))["statistics"]
    assert len(rows) >= 10
    assert all(row["source"] for row in rows)


def test_linear_is_the_least_squares_line() -> None:
    generator = torch.Generator().manual_seed(0)
    x, new = (torch.rand(3, 1, 5, 4, generator=generator) for _ in range(2))
    y = 0.3 - 0.8 * x + 0.05 * torch.rand(3, 1, 5, 4, generator=generator)
    slope, offset = np.polyfit(x.flatten().numpy(), y.flatten().numpy(), 1)
    np.testing.assert_allclose(recipe.linear(x, y, new).numpy(), slope * new.numpy() + offset, atol=1e-5)


def test_network_adds_to_its_first_input_or_stands_alone() -> None:
    first, second = torch.rand(2, 1, 9, 8), torch.rand(2, 1, 9, 8)
    torch.manual_seed(0)
    with_skip = recipe.Small(2)
    torch.manual_seed(0)
    without = recipe.Small(2, skip=False)
    torch.testing.assert_close(with_skip(first, second), first + without(first, second))


def test_training_is_the_seeds_and_moves_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "STEPS", 3)
    stack = torch.rand(4, 1, 40, 36, generator=torch.Generator().manual_seed(0))
    first, again, other = (recipe.learned((stack,), stack.flip(0), seed) for seed in (0, 0, 1))
    assert torch.equal(recipe.predict(first, stack), recipe.predict(again, stack))
    assert not torch.equal(recipe.predict(first, stack), recipe.predict(other, stack))
