import pytest
import torch

from paperlens.layers.window_attention import BLOCKED, SwinBlock, WindowAttention, shift_mask
from paperlens.ops import windows as W


def filled(module, seed=0):
    torch.manual_seed(seed)
    module = module.double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return module


def by_loops(attention, window, mask):
    """Eq. 4 for one window, token by token."""
    dim, heads = window.shape[1], attention.num_heads
    q, k, v = (
        window @ w.T + b
        for w, b in zip(attention.qkv.weight.chunk(3), attention.qkv.bias.chunk(3), strict=True)
    )
    table = attention.bias_table[attention.index]
    out = torch.zeros_like(window)
    width = dim // heads
    for head in range(heads):
        part = slice(head * width, (head + 1) * width)
        for n in range(len(window)):
            logits = torch.stack(
                [q[n, part] @ k[m, part] / width**0.5 + table[n, m, head] for m in range(len(window))]
            )
            if mask is not None:
                logits = logits + mask[n]
            out[n, part] = (logits.softmax(0)[:, None] * v[:, part]).sum(0)
    return attention.projection(out)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("gradient", [False, True])
def test_window_attention_is_the_formula(masked, gradient):
    attention = filled(WindowAttention(6, 2, 3))
    tokens = torch.randn(4, 9, 6, dtype=torch.float64)  # two pictures of two windows
    mask = torch.randn(2, 1, 9, 9, dtype=torch.float64) if masked else None
    with torch.set_grad_enabled(gradient):
        found = attention(tokens, mask)
        for i in range(4):
            torch.testing.assert_close(
                found[i], by_loops(attention, tokens[i], mask[i % 2, 0] if masked else None)
            )


def test_windows_leak_nothing():
    """The output of one window does not depend on another; of a shifted block, only on true neighbours."""
    block = filled(SwinBlock(4, 2, 4, 0, 2.0))
    features = torch.randn(1, 8, 8, 4, dtype=torch.float64, requires_grad=True)
    block(features, None)[0, 1, 2].sum().backward()
    reached = features.grad[0].abs().sum(-1) > 0
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[:4, :4] = True
    assert torch.equal(reached, expected)


@pytest.mark.parametrize(
    ("row", "column", "rows", "columns"), [(0, 0, (0, 2), (0, 2)), (3, 7, (2, 6), (6, 8))]
)
def test_a_shifted_block_does_not_see_round_the_border(row, column, rows, columns):
    block = filled(SwinBlock(4, 2, 4, 2, 2.0))
    features = torch.randn(1, 8, 8, 4, dtype=torch.float64, requires_grad=True)
    block(features, shift_mask(features, 4, 2))[0, row, column].sum().backward()
    reached = features.grad[0].abs().sum(-1) > 1e-20  # the published mask is -100: e^-100 gets through
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[slice(*rows), slice(*columns)] = True
    assert torch.equal(reached, expected)


def test_shift_mask_holds_the_published_number():
    mask = shift_mask(torch.zeros(1, 8, 8, 1), 4, 2)
    assert mask.shape == (4, 1, 16, 16)
    assert set(mask.unique().tolist()) == {0.0, BLOCKED}
    assert torch.equal(mask[:, 0] == 0, W.may_attend(8, 8, 4, 2))
    assert shift_mask(torch.zeros(1, 8, 8, 1), 4, 0) is None


def test_bad_arguments():
    with pytest.raises(ValueError, match="num_heads 5 does not divide dim 12"):
        WindowAttention(12, 5, 4)
    with pytest.raises(ValueError, match=r"offset 4 .* window_size is 4"):
        SwinBlock(4, 2, 4, 4, 2.0)
