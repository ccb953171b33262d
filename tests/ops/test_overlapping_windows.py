import pytest
import torch

from paperlens.ops.overlapping_windows import overlapping_position_index, to_overlapping_windows


def test_windows_against_a_loop():
    features = torch.randn(2, 8, 12, 3)
    found = to_overlapping_windows(features, 4, 6)
    assert found.shape == (2 * 2 * 3, 36, 3)
    for b in range(2):
        for i in range(2):
            for j in range(3):
                for p in range(6):
                    for q in range(6):
                        y, x = 4 * i - 1 + p, 4 * j - 1 + q
                        inside = 0 <= y < 8 and 0 <= x < 12
                        expected = features[b, y, x] if inside else torch.zeros(3)
                        assert torch.equal(found[(b * 2 + i) * 3 + j, p * 6 + q], expected)


@pytest.mark.parametrize(("window", "key", "numbers"), [(5, 7, "5 .*8"), (4, 7, "7 .*4"), (4, 2, "2 .*4")])
def test_sizes_that_do_not_fit(window, key, numbers):
    with pytest.raises(ValueError, match=numbers):
        to_overlapping_windows(torch.zeros(1, 8, 8, 1), window, key)


def test_index_relabels_relative_positions_one_to_one():
    window, key = 4, 6
    index = overlapping_position_index(window, key)
    rows = {}
    for n in range(window**2):
        for m in range(key**2):
            offset = (m // key - n // window, m % key - n % window)
            assert rows.setdefault(offset, index[n, m].item()) == index[n, m].item()
    assert len(set(rows.values())) == len(rows) == 81
    assert rows[(0, 0)] == (-1 * 9 - 1) % 81  # published: offset 4 - 6 + 1 on both axes, counted from the end
