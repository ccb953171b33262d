"""Answers as students write them."""

import torch
import torch.nn.functional as F
from einops import rearrange


def loop(x, w_q, w_k, w_v, w_o, num_heads):
    d = x.shape[-1] // num_heads
    heads = []
    for i in range(num_heads):
        rows = slice(i * d, (i + 1) * d)
        q, k, v = x @ w_q[rows].T, x @ w_k[rows].T, x @ w_v[rows].T
        heads.append(torch.softmax(q @ k.transpose(1, 2) / d**0.5, -1) @ v)
    return torch.cat(heads, -1) @ w_o.T


def einops(x, w_q, w_k, w_v, w_o, num_heads):
    q, k, v = (rearrange(F.linear(x, w), "b n (h d) -> b h n d", h=num_heads) for w in (w_q, w_k, w_v))
    return F.linear(rearrange(F.scaled_dot_product_attention(q, k, v), "b h n d -> b n (h d)"), w_o)


def einsum(x, w_q, w_k, w_v, w_o, num_heads):
    q, k, v = (torch.einsum("bnc,hdc->bhnd", x, w.view(num_heads, -1, w.shape[1])) for w in (w_q, w_k, w_v))
    a = torch.einsum("bhnd,bhmd->bhnm", q, k).mul((x.shape[-1] / num_heads) ** -0.5).softmax(-1)
    return torch.einsum("bhnm,bhmd,ohd->bno", a, v, w_o.view(len(w_o), num_heads, -1))


def torch_module(x, w_q, w_k, w_v, w_o, num_heads):
    y, _ = F.multi_head_attention_forward(
        *[x.transpose(0, 1)] * 3,
        x.shape[-1],
        num_heads,
        torch.cat([w_q, w_k, w_v]),
        None,
        None,
        None,
        False,
        0.0,
        w_o,
        None,
    )
    return y.transpose(0, 1)


def query_loop(x, w_q, w_k, w_v, w_o, num_heads):
    return loop(x, w_q, w_k.repeat(num_heads, 1), w_v.repeat(num_heads, 1), w_o, num_heads)


CORRECT = {"loop": loop, "einops": einops, "einsum": einsum, "torch": torch_module}
WRONG = {
    "residual": lambda x, q, k, v, o, h: x + loop(x, q, k, v, o, h),
    "last head alone": lambda x, q, k, v, o, h: loop(
        x, q, k, v, o * (torch.arange(len(o)) >= len(o) - len(o) // h), h
    ),
    "heads reversed": lambda x, q, k, v, o, h: loop(
        x, q, k, v, o.unflatten(1, (h, -1)).flip(1).flatten(1), h
    ),
    "causal": lambda x, q, k, v, o, h: loop(x[:, :1], q, k, v, o, h).expand_as(x),
    "softmax over queries": lambda x, q, k, v, o, h: (
        rearrange(
            (
                rearrange(x @ q.T, "b n (h d) -> b h n d", h=h)
                @ rearrange(x @ k.T, "b n (h d) -> b h d n", h=h)
                * (len(q) / h) ** -0.5
            ).softmax(-2)
            @ rearrange(x @ v.T, "b n (h d) -> b h n d", h=h),
            "b h n d -> b n (h d)",
        )
        @ o.T
    ),
    "batch as tokens": lambda x, q, k, v, o, h: loop(x.transpose(0, 1), q, k, v, o, h).transpose(0, 1),
    "single": lambda x, q, k, v, o, h: loop(*(t.float() for t in (x, q, k, v, o)), h).to(x.dtype),
    "normalised": lambda x, q, k, v, o, h: loop(F.layer_norm(x, x.shape[-1:]), q, k, v, o, h),
    "w_q not transposed": lambda x, q, k, v, o, h: loop(x, q.T, k, v, o, h),
}
SIBLING_CORRECT = {
    "loop": query_loop,
    "einops": lambda x, q, k, v, o, h: einops(
        x, q, *(rearrange(w[None].expand(h, -1, -1), "h d c -> (h d) c") for w in (k, v)), o, h
    ),
    "torch": lambda x, q, k, v, o, h: torch_module(x, q, torch.cat([k] * h), torch.cat([v] * h), o, h),
}
SIBLING_WRONG = {
    "keys as values": lambda x, q, k, v, o, h: query_loop(x, q, k, k, o, h),
    "interleaved": lambda x, q, k, v, o, h: query_loop(
        x, q.unflatten(0, (-1, h)).transpose(0, 1).flatten(0, 1), k, v, o, h
    ),
    "not scaled": lambda x, q, k, v, o, h: query_loop(x, q * (len(q) / h) ** 0.5, k, v, o, h),
    "exchanged": lambda x, q, k, v, o, h: query_loop(x, q, v, k, o, h),
}
