import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paperlens.ops import windows as W

sizes = st.integers(1, 4)


@settings(deadline=None, max_examples=30)
@given(batch=sizes, rows=sizes, columns=sizes, window=st.integers(1, 5), channels=sizes)
def test_from_windows_undoes_to_windows(batch, rows, columns, window, channels):
    features = torch.randn(batch, rows * window, columns * window, channels)
    cut = W.to_windows(features, window)
    assert cut.shape == (batch * rows * columns, window**2, channels)
    assert torch.equal(W.from_windows(cut, rows * window, columns * window), features)


def test_windows_are_listed_row_by_row():
    features = torch.arange(2 * 4 * 6).reshape(2, 4, 6, 1)
    cut = W.to_windows(features, 2)
    assert cut[0, :, 0].tolist() == [0, 1, 6, 7]
    assert cut[1, :, 0].tolist() == [2, 3, 8, 9]
    assert cut[3, :, 0].tolist() == [12, 13, 18, 19]
    assert cut[6, :, 0].tolist() == [24, 25, 30, 31]  # the second picture


@pytest.mark.parametrize(("height", "width", "side"), [(37, 8, "height 37"), (8, 37, "width 37")])
def test_a_window_that_does_not_divide_is_told(height, width, side):
    with pytest.raises(ValueError, match=f"window_size 8 does not divide {side}"):
        W.to_windows(torch.zeros(1, height, width, 1), 8)
    with pytest.raises(ValueError, match=f"window_size 8 does not divide {side}"):
        W.from_windows(torch.zeros(1, 64, 1), height, width)


def test_shift_moves_up_and_left_and_back():
    features = torch.randn(2, 6, 9, 3)
    moved = W.shift(features, 2)
    assert torch.equal(moved[:, 0, 0], features[:, 2, 2])
    assert torch.equal(moved[:, 5, 8], features[:, 1, 1])
    assert torch.equal(W.shift(moved, -2), features)


def test_relative_position_index_by_hand():
    # Tokens of a 2x2 window: a b / c d. Row 4 of the table of 9 is "the same place".
    assert W.relative_position_index(2).tolist() == [[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]


@pytest.mark.parametrize("window", [1, 3, 8])
def test_relative_position_index_depends_on_the_offset_alone(window):
    index = W.relative_position_index(window)
    side = 2 * window - 1
    for n in range(window**2):
        for m in range(window**2):
            down, right = n // window - m // window, n % window - m % window
            assert index[n, m] == (down + window - 1) * side + right + window - 1


@pytest.mark.parametrize(
    ("height", "width", "window", "offset"), [(8, 12, 4, 2), (7, 14, 7, 3), (6, 9, 3, 1)]
)
def test_may_attend_is_true_where_no_border_was_crossed(height, width, window, offset):
    """The slow way: two tokens of one window may attend if neither axis wrapped between them."""
    wrapped = [[(i + offset >= height, j + offset >= width) for j in range(width)] for i in range(height)]
    allowed = W.may_attend(height, width, window, offset)
    columns = width // window
    for w in range(len(allowed)):
        top, left = w // columns * window, w % columns * window
        side = [wrapped[top + n // window][left + n % window] for n in range(window**2)]
        assert allowed[w].tolist() == [[a == b for b in side] for a in side]


def test_nothing_is_blocked_without_a_shift():
    assert W.may_attend(8, 16, 4, 0).all()
