"""Attention with a bias added to its logits, in the form that is fastest where it runs.

Two forms take a few windows at a time: torch's fused kernel with the bias as a mask, and its parts (two products and a
softmax) in cache. Which is faster depends on the processor: on an AMD EPYC of 2024 they are within a quarter of each
other, on an Intel with AMX the kernel takes half the time. So each kind of head is measured once, when it is first met.
Both give the same to within rounding. The kernel gives no gradient to a bias: the backward pass is our own for both.
"""

import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn import functional as F

# The kernel must win clearly, so that a busy moment does not change the form, and with it the rounding, between runs.
MARGIN = 0.75
REPEATS = 8
LOGITS = 1 << 18  # logits computed at a time: one MiB in single precision, which stays in a core's own cache


def biased_attention(
    q: Float[Tensor, "bw heads n d"],
    k: Float[Tensor, "bw heads m d"],
    v: Float[Tensor, "bw heads m d"],
    bias: Float[Tensor, "heads n m"],
    mask: Float[Tensor, "w 1 n m"] | None = None,
) -> Float[Tensor, "bw heads n d"]:
    """softmax(q k^T / sqrt(d) + bias + mask) v for every window.

    The bias is the same for all windows and learns; the mask is a constant for each of a picture's w windows,
    which follow each other in each of the bw / w pictures of the batch.
    """
    if q.device.type != "cpu" or torch.compiler.is_compiling():
        return F.scaled_dot_product_attention(q, k, v, attn_mask=_added(bias, mask, len(q)))
    if q.dtype != bias.dtype:  # autocast: torch casts what is written as single operations
        return plain_biased_attention(q, k, v, bias, mask)
    attended: Tensor = _WindowByWindow.apply(q, k, v, bias, mask)  # type: ignore[no-untyped-call]
    return attended


def plain_biased_attention(
    q: Float[Tensor, "bw heads n d"],
    k: Float[Tensor, "bw heads m d"],
    v: Float[Tensor, "bw heads m d"],
    bias: Float[Tensor, "heads n m"],
    mask: Float[Tensor, "w 1 n m"] | None = None,
) -> Float[Tensor, "bw heads n d"]:
    """The same, as it is read."""
    logits = q @ k.mT * q.shape[-1] ** -0.5 + _added(bias, mask, len(q))
    return logits.softmax(dim=-1) @ v


def _added(bias: Tensor, mask: Tensor | None, windows: int) -> Float[Tensor, "#bw heads n m"]:
    """All that is added to the logits."""
    if mask is None:
        return rearrange(bias, "heads n m -> 1 heads n m")
    return repeat(bias + mask, "w heads n m -> (b w) heads n m", b=windows // len(mask))


class _WindowByWindow(torch.autograd.Function):
    """A few windows at a time, so that logits never leave the cache; the backward pass computes the weights anew.

    Thin products are written so that their long side, the tokens, is last: (v^T weights^T)^T for weights v.
    """

    @staticmethod
    def forward(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, mask: Tensor | None) -> Tensor:
        attended = torch.empty_like(q)
        form = fastest(q.shape[1], q.shape[2], k.shape[2], q.shape[3], q.dtype)
        for rows, masked in _parts(q, k, mask):
            attended[rows] = form(q[rows], k[rows], v[rows], bias, masked)
        return attended

    @staticmethod
    def setup_context(ctx: FunctionCtx, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs, output)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, into: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, bias, mask, attended = ctx.saved_tensors
        to_q, to_k, to_v, to_bias = (torch.empty_like(x) for x in (q, k, v, bias))
        to_bias.zero_()
        scale = q.shape[-1] ** -0.5
        for rows, masked in _parts(q, k, mask):
            weights = _weights(q[rows], k[rows], bias, masked)
            given = into[rows].mT.contiguous()  # bw heads d n
            to_v[rows] = (given @ weights).mT
            # Softmax: weights * (what its output received - the mean of that under the weights).
            mean = rearrange((into[rows] * attended[rows]).sum(dim=-1), "bw heads n -> bw heads n 1")
            to_logits = (given.mT @ v[rows].mT).sub_(mean).mul_(weights)
            to_bias += to_logits.sum(dim=0)
            to_q[rows] = (k[rows].mT.contiguous() @ to_logits.mT).mul_(scale).mT
            to_k[rows] = (q[rows].mT.contiguous() @ to_logits).mul_(scale).mT
        return to_q, to_k, to_v, to_bias, None


Form = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor | None], Tensor]


def fused(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, mask: Tensor | None) -> Tensor:
    """torch's kernel for processors, for a few windows; only without gradients it takes a bias at all."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=_added(bias.detach(), mask, len(q)))


def in_parts(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, mask: Tensor | None) -> Tensor:
    """Two products and a softmax, for a few windows."""
    return (v.mT.contiguous() @ _weights(q, k, bias, mask).mT).mT


@cache
def fastest(heads: int, queries: int, keys: int, channels: int, dtype: torch.dtype) -> Form:
    """The form for heads of this size here: the parts, unless the kernel takes less than MARGIN of their time.

    The best of a few repeats, taking turns, on as many windows as are computed together: some milliseconds in all.
    """
    windows = max(1, LOGITS // (heads * queries * keys))
    q, k, v = (
        rearrange(torch.ones(windows, tokens, heads, channels, dtype=dtype), "w n heads d -> w heads n d")
        for tokens in (queries, keys, keys)
    )
    bias = torch.zeros(heads, queries, keys, dtype=dtype)
    seconds: dict[Form, list[float]] = {fused: [], in_parts: []}
    with torch.no_grad():
        for _ in range(REPEATS):
            for form, times in seconds.items():
                start = time.perf_counter()
                form(q, k, v, bias, None)
                times.append(time.perf_counter() - start)
    return fused if min(seconds[fused]) < MARGIN * min(seconds[in_parts]) else in_parts


def _weights(q: Tensor, k: Tensor, bias: Tensor, mask: Tensor | None) -> Tensor:
    """What each query takes from each key, for a few windows."""
    logits = (q * q.shape[-1] ** -0.5) @ k.contiguous().mT
    logits += bias
    if mask is not None:
        logits += mask
    return logits.softmax(dim=-1)


def _parts(q: Tensor, k: Tensor, mask: Tensor | None) -> Iterator[tuple[slice, Tensor | None]]:
    """Windows that are computed together, and their masks; none across two pictures where windows differ."""
    each = max(1, LOGITS // (q.shape[1] * q.shape[2] * k.shape[2]))
    windows = len(q) if mask is None else len(mask)
    for picture in range(0, len(q), windows):
        for first in range(0, windows, each):
            last = min(first + each, windows)
            yield slice(picture + first, picture + last), None if mask is None else mask[first:last]
