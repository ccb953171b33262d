"""Answers as students write them."""

import torch


def mask(w, a, f, first=0):
    keep = torch.zeros(w, dtype=torch.bool)
    c = round(w * f)
    keep[first::a] = True
    keep[(w - c + 1) // 2 : (w - c + 1) // 2 + c] = True
    return keep


def masked(k, a, f):
    return k * mask(k.shape[-1], a, f)


def where(k, a, f):
    w = k.shape[-1]
    i = torch.arange(w)
    c = round(w * f)
    keep = (i % a == 0) | ((i >= (w - c + 1) // 2) & (i < (w - c + 1) // 2 + c))
    return torch.where(keep, k, torch.zeros((), dtype=k.dtype))


def slices(k, a, f):
    out = torch.zeros_like(k)
    w = k.shape[-1]
    c = round(w * f)
    s = (w - c + 1) // 2
    out[..., ::a] = k[..., ::a]
    out[..., s : s + c] = k[..., s : s + c]
    return out


def rows(k, a, f, first=1):
    return k * mask(k.shape[-2], a, f, first)[:, None]


def rows_loop(k, a, f):
    out = torch.zeros_like(k)
    h = k.shape[-2]
    c = round(h * f)
    for i in range(h):
        if i % a == 1 % a or (h - c + 1) // 2 <= i < (h - c + 1) // 2 + c:
            out[..., i, :] = k[..., i, :]
    return out


CORRECT = {"mask": masked, "where": where, "slices": slices}
WRONG = {
    "offset 1": lambda k, a, f: k * mask(k.shape[-1], a, f, 1),
    "random": lambda k, a, f: k * ((torch.rand(k.shape[-1]) < 1 / a) | mask(k.shape[-1], 10**6, f)),
    "dropped columns": lambda k, a, f: k[..., mask(k.shape[-1], a, f)],
    "magnitude": lambda k, a, f: masked(k, a, f).abs().to(k.dtype),
    "in place": lambda k, a, f: k.mul_(mask(k.shape[-1], a, f)),
    "NaN": lambda k, a, f: masked(k, a, f) / mask(k.shape[-1], a, f),
    "single": lambda k, a, f: masked(k.to(torch.complex64), a, f).to(k.dtype),
}
SIBLING_CORRECT = {
    "mask": rows,
    "loop": rows_loop,
    "where": lambda k, a, f: torch.where(mask(k.shape[-2], a, f, 1)[:, None], k, 0),
}
SIBLING_WRONG = {
    "floor": lambda k, a, f: rows(k, a, int(k.shape[-2] * f) / k.shape[-2]),
    "inverted": lambda k, a, f: k - rows(k, a, f),
    "scaled": lambda k, a, f: a * rows(k, a, f),
}
