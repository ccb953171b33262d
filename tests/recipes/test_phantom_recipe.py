"""T2 from T1 alone: the committed result says what the text says, and the pieces do what their names say."""

import json
import statistics

import numpy as np
import pytest
import torch

from paperlens.data import path
from paperlens.recipes import results
from paperlens.recipes.engine.results import mean
from paperlens.recipes.mri_contrast.contrast_map import linear
from paperlens.recipes.mri_contrast.small import Small


def test_a_line_from_t1_stays_clearly_below_a_learned_map() -> None:
    committed = results("contrast_map")
    for run in committed.runs:
        assert committed.gain(run) > 5


def test_a_guide_beside_the_picture_gives_more_than_the_guide_alone() -> None:
    alone = max(run.mean() for run in results("contrast_map").runs)
    assert min(run.mean() for run in results("mri_guided").runs) > alone + 1
    assert mean(results("contrast_map").baseline, "psnr") < alone


def test_every_statistic_names_a_source() -> None:
    rows = json.loads(path("results/benchmarks/phantom.json").read_text(encoding="utf-8"))["statistics"]
    assert len(rows) >= 10
    assert all(row["source"] for row in rows)


def test_linear_is_the_least_squares_line() -> None:
    generator = torch.Generator().manual_seed(0)
    x, new = (torch.rand(3, 1, 5, 4, generator=generator) for _ in range(2))
    y = 0.3 - 0.8 * x + 0.05 * torch.rand(3, 1, 5, 4, generator=generator)
    slope, offset = np.polyfit(x.flatten().numpy(), y.flatten().numpy(), 1)
    np.testing.assert_allclose(linear(x, y, new).numpy(), slope * new.numpy() + offset, atol=1e-5)


def test_network_adds_to_its_first_input_or_stands_alone() -> None:
    first, second = torch.rand(2, 1, 9, 8), torch.rand(2, 1, 9, 8)
    torch.manual_seed(0)
    with_skip = Small(2)
    torch.manual_seed(0)
    without = Small(2, skip=False)
    torch.testing.assert_close(with_skip(first, second), first + without(first, second))


@pytest.mark.parametrize("how", ["alone", "guided"])
def test_gains_on_the_phantom_and_on_a_person_agree_within_a_factor_of_two(how: str) -> None:
    """The rule of phantom_real that holds; the one about harm does not, and the data page says by how much."""

    def gain(trained: str, person: bool) -> float:
        held = results(f"phantom_real.{trained}_{how}")
        return statistics.mean(
            [
                run.pictures[name]["psnr"] - held.baseline[name]["psnr"]
                for run in held.runs
                for name in held.test
                if (name == "person") == person
            ]
        )

    assert 0.5 < gain("phantom", False) / gain("real", True) < 2
    assert gain("varied", True) > gain("phantom", True), "variation makes it less harmful"
