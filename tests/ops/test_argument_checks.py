"""Each check passes what fits, and tells both numbers of what does not."""

import pytest
import torch

from paperlens.ops.check import check_channels, check_multiple, check_size

IMAGE = torch.zeros(2, 3, 8, 12)


def test_what_fits_passes():
    check_channels(IMAGE, 3)
    check_multiple(IMAGE, 4)
    check_size(IMAGE, 8, 12)


@pytest.mark.parametrize(
    ("check", "numbers", "said"),
    [
        (check_channels, (1,), "the image has 3 channels, this model takes 1"),
        (check_multiple, (8,), "8 does not divide width 12"),
        (check_multiple, (3,), "3 does not divide height 8"),
        (check_size, (8, 8), "the image is 8 by 12, this model takes 8 by 8"),
        (check_size, (12, 12), "the image is 8 by 12, this model takes 12 by 12"),
    ],
)
def test_what_does_not_is_told(check, numbers, said):
    with pytest.raises(ValueError, match=said):
        check(IMAGE, *numbers)


def test_the_name_is_the_callers():
    with pytest.raises(ValueError, match="the slice has 1 channel, this model takes 2"):
        check_channels(IMAGE[:, :1], 2, "slice")
