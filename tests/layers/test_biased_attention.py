import time

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from paperlens.layers import biased_attention as module
from paperlens.layers.biased_attention import (
    biased_attention,
    fastest,
    fused,
    in_parts,
    plain_biased_attention,
)


def operands(windows, keys=9, channels=4):
    """Two pictures of 20 windows, queries that lie in memory as a model leaves them."""
    torch.manual_seed(0)
    q = torch.randn(40, 7, 2, channels, dtype=torch.float64).transpose(1, 2)
    k, v = torch.randn(2, 40, keys, 2, channels, dtype=torch.float64).transpose(2, 3)
    bias = torch.randn(2, 7, keys, dtype=torch.float64)
    mask = torch.randn(20, 1, 7, keys, dtype=torch.float64) if windows == 20 else None
    return q, k, v, bias, mask


@pytest.fixture(params=[fused, in_parts], ids=lambda form: form.__name__)
def form(request, monkeypatch):
    monkeypatch.setattr(module, "fastest", lambda *head: request.param)


@pytest.mark.parametrize("logits", [1, 800, 1 << 18], ids=["one at a time", "some at a time", "all"])
@pytest.mark.parametrize("windows", [1, 20])
def test_every_form_is_the_plain_one(form, windows, logits, monkeypatch):
    monkeypatch.setattr(module, "LOGITS", logits)
    q, k, v, bias, mask = operands(windows)
    found, expected = biased_attention(q, k, v, bias, mask), plain_biased_attention(q, k, v, bias, mask)
    torch.testing.assert_close(found, expected)
    added = bias[None] if mask is None else (bias + mask).repeat(2, 1, 1, 1)
    torch.testing.assert_close(found, scaled_dot_product_attention(q, k, v, attn_mask=added))
    added = bias if mask is None else bias + mask[23 % 20]
    torch.testing.assert_close(found[23], softmax_by_hand(q[23], k[23], v[23], added))


@pytest.mark.parametrize("logits", [800, 1 << 18])
@pytest.mark.parametrize("windows", [1, 20])
def test_gradients_are_those_of_the_plain_one(form, windows, logits, monkeypatch):
    monkeypatch.setattr(module, "LOGITS", logits)
    *learnt, mask = (None if x is None else x.requires_grad_() for x in operands(windows))
    into = torch.randn(40, 2, 7, 4, dtype=torch.float64)
    found, expected = (
        torch.autograd.grad(form(*learnt, None if mask is None else mask.detach()), learnt, into)
        for form in (biased_attention, plain_biased_attention)
    )
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(("slow", "other"), [(fused, in_parts), (in_parts, fused)])
def test_the_faster_form_is_taken_and_measured_once(slow, other, monkeypatch):
    """Made so slow that no machine is busy enough to hide it; what is drawn at random elsewhere stays the same."""
    calls = []

    def slowed(*operands):
        calls.append(1)
        time.sleep(0.01)
        return slow(*operands)

    monkeypatch.setattr(module, slow.__name__, slowed)
    fastest.cache_clear()
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    for _ in range(2):
        assert fastest(2, 7, 9, 4, torch.float64) is other
    assert len(calls) == module.REPEATS
    assert torch.equal(before, torch.random.get_rng_state())
    fastest.cache_clear()


def test_under_autocast_it_is_torchs_own():
    q, k, v, bias, _ = (None if x is None else x.float() for x in operands(1))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = biased_attention(q.bfloat16(), k.bfloat16(), v.bfloat16(), bias)
    torch.testing.assert_close(found.float(), plain_biased_attention(q, k, v, bias), atol=0.03, rtol=0.03)


def softmax_by_hand(q, k, v, added):
    logits = torch.einsum("hnd,hmd->hnm", q, k) / q.shape[-1] ** 0.5 + added
    weights = logits.exp() / logits.exp().sum(-1, keepdim=True)
    return torch.einsum("hnm,hmd->hnd", weights, v)
