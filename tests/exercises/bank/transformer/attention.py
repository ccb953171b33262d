"""Answers as students write them."""

import math

import torch
import torch.nn.functional as F


def loop(q, k, v, mask=None):
    b, h, n, d = q.shape
    if mask is not None:
        mask = mask.expand(b, h, n, k.shape[2])
    out = []
    for i in range(b):
        for j in range(h):
            for t in range(n):
                s = torch.stack([(q[i, j, t] * key).sum() / d**0.5 for key in k[i, j]])
                if mask is not None:
                    s[~mask[i, j, t]] = -1e9
                w = torch.exp(s - s.max())
                out.append((w / w.sum()) @ v[i, j])
    return torch.stack(out).reshape(b, h, n, -1)


def einsum(q, k, v, mask=None, fill=-1e4):
    s = torch.einsum("bhnd,bhmd->bhnm", q / math.sqrt(q.shape[-1]), k)
    if mask is not None:
        s = torch.where(mask, s, torch.full_like(s, fill))
    return torch.einsum("bhnm,bhme->bhne", F.softmax(s, dim=-1), v)


def keys_first(q, k, v, mask=None):
    s = k @ q.transpose(-2, -1) * q.size(-1) ** -0.5
    if mask is not None:
        s = s + torch.zeros_like(mask, dtype=s.dtype).masked_fill(~mask, float("-inf")).transpose(-1, -2)
    return s.softmax(-2).transpose(-2, -1) @ v


def renormalised(q, k, v, mask=None):
    s = q @ k.mT / q.shape[-1] ** 0.5
    w = (s - s.amax(-1, keepdim=True)).exp()
    w = w if mask is None else w * mask
    return w @ v / w.sum(-1, keepdim=True)


def in_place(q, k, v, mask=None):
    q *= q.shape[-1] ** -0.5
    return F.scaled_dot_product_attention(q, k, v, mask, scale=1.0)


CORRECT = {
    "loop": loop,
    "einsum": einsum,
    "keys first": keys_first,
    "torch": lambda q, k, v, mask=None: F.scaled_dot_product_attention(q, k, v, mask),
    "weights summed afterwards": renormalised,
}
WRONG = {
    "fill -10": lambda q, k, v, mask=None: einsum(q, k, v, mask, -10.0),
    "fill 0": lambda q, k, v, mask=None: einsum(q, k, v, mask, 0.0),
    "fill tiny": lambda q, k, v, mask=None: einsum(q, k, v, mask, 1e-9),
    "mask transposed": lambda q, k, v, mask=None: einsum(q, k, v, mask if mask is None else mask.mT),
    "weights transposed": lambda q, k, v, mask=None: (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1).mT @ v,
    "causal always": lambda q, k, v, mask=None: F.scaled_dot_product_attention(q, k, v, is_causal=True),
    "scale squared": lambda q, k, v, mask=None: einsum(q * q.shape[-1] ** -0.5, k, v, mask),
    "width of the values": lambda q, k, v, mask=None: einsum(
        q * (q.shape[-1] / v.shape[-1]) ** 0.5, k, v, mask
    ),
    "cosine": lambda q, k, v, mask=None: einsum(F.normalize(q, dim=-1), F.normalize(k, dim=-1), v, mask),
    "eps below": lambda q, k, v, mask=None: einsum(q, k, v, mask) * (1 - 1e-5),
    "single inside": lambda q, k, v, mask=None: einsum(q.float(), k.float(), v.float(), mask).to(q.dtype),
    "hard": lambda q, k, v, mask=None: einsum(q * 1e6, k, v, mask),
    "in place": in_place,
    "no default": lambda q, k, v, mask: renormalised(q, k, v, mask),
}
SIBLING_CORRECT = {
    "torch": lambda q, k, v, ignored: F.scaled_dot_product_attention(q, k, v, ~ignored),
    "einsum": lambda q, k, v, ignored: einsum(q, k, v, ignored.logical_not()),
    "loop": lambda q, k, v, ignored: loop(q, k, v, ignored == 0),
}
SIBLING_WRONG = {
    "fill -10": lambda q, k, v, ignored: einsum(q, k, v, ~ignored, -10.0),
    "not used": lambda q, k, v, ignored: einsum(q, k, v),
    "keys": lambda q, k, v, ignored: (
        (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(ignored, -1e9).softmax(-2) @ v
    ),
}
