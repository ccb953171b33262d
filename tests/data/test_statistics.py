"""The phantom beside published values: near where it should be, and not trivially easy."""

import pytest
import torch

from paperlens.data.statistics import correlation, statistics


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory):
    patch = pytest.MonkeyPatch()
    patch.setenv("PAPERLENS_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield {row["quantity"]: row for row in statistics(subjects=2, planes=8)}
    patch.undo()


@pytest.mark.parametrize("contrast", ["T1", "T2", "FLAIR"])
def test_signal_to_noise_is_what_the_table_asks_for(rows, contrast: str) -> None:
    row = rows[f"{contrast} signal to noise, white"]
    assert row["phantom"] == pytest.approx(
        row["published"], rel=0.15
    )  # the receive field is part of the signal


@pytest.mark.parametrize("contrast", ["T1", "T2"])
def test_contrast_to_noise_agrees_without_having_been_put_in(rows, contrast: str) -> None:
    row = rows[f"{contrast} contrast to noise, gray and white"]
    assert row["phantom"] == pytest.approx(row["published"], rel=0.3)


def test_iron_and_receive_field(rows) -> None:
    assert rows["R2 of the pallidum, 1/s"]["phantom"] == pytest.approx(25.8, rel=0.25)
    low, high = (rows[f"receive field, {end} percentile"]["phantom"] for end in ("5th", "95th"))
    assert 0.8 < low < 1 < high < 1.2


def test_t1_does_not_give_t2_away(rows) -> None:
    """Three maps alone would correlate at -0.95; within a tissue nothing of T2 can be read off T1."""
    assert -0.9 < rows["correlation of T1 and T2, brain"]["phantom"] < -0.6
    assert abs(rows["correlation of T1 and T2, white matter"]["phantom"]) < 0.4
    assert abs(rows["correlation of T1 and T2, gray matter"]["phantom"]) < 0.4


def test_correlation_by_hand() -> None:
    first = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert correlation(first, 7 - 2 * first) == pytest.approx(-1)
    assert correlation(first, torch.tensor([1.0, -1.0, -1.0, 1.0])) == pytest.approx(0, abs=1e-12)
