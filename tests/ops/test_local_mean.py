import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paperlens.ops.local_mean import local_mean, plain_local_mean, spread


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 12), st.integers(1, 12))
def test_fast_form_is_the_plain_one(rows, columns, height, width):
    features = torch.rand(2, 3, rows, columns, dtype=torch.float64)
    torch.testing.assert_close(local_mean(features, height, width), plain_local_mean(features, height, width))


def test_by_hand():
    row = torch.tensor([[[[1.0, 2.0, 6.0, 4.0]]]])
    assert local_mean(row, 1, 3).flatten().tolist() == pytest.approx([3, 4])
    assert spread(local_mean(row, 1, 3), 1, 4).flatten().tolist() == pytest.approx([3, 3, 4, 4])
    assert spread(local_mean(row, 1, 2), 1, 4).flatten().tolist() == pytest.approx([1.5, 4, 5, 5])


def test_window_without_pixels_is_refused():
    with pytest.raises(ValueError, match=r"3 by 0"):
        local_mean(torch.zeros(1, 1, 4, 4), 3, 0)
