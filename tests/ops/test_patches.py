"""Search and transfer of patches: a picture that is its own reference comes back whole, also at its border."""

import pytest
import torch

from paperlens.ops import patches


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_self_match_returns_the_map_exactly(scale: int) -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(2, 5, 7, 9, generator=generator, dtype=torch.float64)
    value = torch.randn(2, 3, 7 * scale, 9 * scale, generator=generator, dtype=torch.float64)
    best, index = patches.relevance(features, features)
    torch.testing.assert_close(best, torch.ones_like(best))
    torch.testing.assert_close(patches.transfer(value, index, (7, 9), scale, exact=True), value)
    published = patches.transfer(value, index, (7, 9), scale)
    inside = slice(scale, -scale)
    torch.testing.assert_close(published[..., inside, inside], value[..., inside, inside])
    torch.testing.assert_close(published[..., 0, 0], value[..., 0, 0] * 4 / 9)


def test_overlap_counts() -> None:
    assert patches.overlap_count((3, 4)).tolist() == [[4, 6, 6, 4], [6, 9, 9, 6], [4, 6, 6, 4]]
    assert patches.overlap_count((1, 1)).tolist() == [[1]]


def test_brightness_of_a_key_does_not_win() -> None:
    query = torch.rand(1, 4, 5, 6, generator=torch.Generator().manual_seed(1))
    key = torch.cat([query, 50 * torch.rand(1, 4, 5, 6, generator=torch.Generator().manual_seed(2))], dim=3)
    _, index = patches.relevance(query, key)

    expected = torch.arange(30) // 6 * 12 + torch.arange(30) % 6
    assert (index[0] == expected)[torch.arange(30) % 6 < 5].all()


def test_index_is_against_a_slow_loop() -> None:
    generator = torch.Generator().manual_seed(3)
    query = torch.randn(1, 3, 4, 5, generator=generator)
    key = torch.randn(1, 3, 6, 3, generator=generator)
    q, k = (patches.unfold(x)[0].T for x in (query, key))
    best, index = patches.relevance(query, key)
    for i, patch in enumerate(q):
        cosines = [torch.dot(patch, other) / patch.norm() / other.norm() for other in k]
        assert int(index[0, i]) == int(torch.stack(cosines).argmax())
        torch.testing.assert_close(best[0, i], max(cosines))
