"""What only MTrans promises."""

import pytest
import torch

from paperlens.models import build
from paperlens.models.mri.mtrans import CrossAttention, Patches


def test_patches_are_cut_row_by_row_and_joined_again():
    torch.manual_seed(0)
    patches = Patches(6, 2, 3)
    torch.nn.init.zeros_(patches.position)
    features = torch.randn(2, 3, 6, 6)
    tokens = patches.cut(features)
    assert torch.equal(patches.join(tokens), features)
    corner = features[:, :, 2:4, 4:6].permute(0, 2, 3, 1).flatten(1)
    assert torch.equal(tokens[:, 5], corner), "second row, third column"


@pytest.mark.parametrize(("low", "high", "number"), [(8, 18, "18 must be 16"), (9, 16, "9 must be 8")])
def test_another_size_than_that_of_the_positions_is_refused(low, high, number):
    with pytest.raises(ValueError, match=number):
        build("mtrans", "tiny")(torch.rand(1, 1, low, low), torch.rand(1, 1, high, high))


def test_each_branch_sees_the_other():
    torch.manual_seed(0)
    model = build("mtrans", "tiny", dim=8).eval()
    degraded = torch.rand(1, 1, 8, 8, requires_grad=True)
    guide = torch.rand(1, 1, 16, 16, requires_grad=True)
    for output in model(degraded, guide):
        assert all(g.any() for g in torch.autograd.grad(output.sum(), (degraded, guide), retain_graph=True))


def test_queries_ask_both_branches_at_once():
    torch.manual_seed(0)
    attention = CrossAttention(4, 2)
    tokens, other = torch.randn(1, 3, 4), torch.randn(1, 5, 4)
    both = torch.cat([tokens, other], dim=1)[0]
    keys, values = attention.key_value(both).chunk(2, dim=-1)
    expected = torch.empty(3, 4)
    for n, query in enumerate(attention.query(tokens)[0]):
        for head in (slice(0, 2), slice(2, 4)):
            weights = torch.softmax(keys[:, head] @ query[head] / 2**0.5, dim=0)
            expected[n, head] = (weights[:, None] * values[:, head]).sum(0)
    torch.testing.assert_close(attention(tokens, other)[0], attention.projection(expected + tokens[0]))


def test_reconstruction_keeps_the_size():
    model = build("mtrans", "tiny", scale=1).eval()
    slices = torch.rand(2, 1, 16, 16), torch.rand(2, 1, 16, 16)
    assert [tuple(o.shape) for o in model(*slices)] == [(2, 1, 16, 16)] * 2
