"""Answers as students write them."""

import torch


def index(p, m, k):
    out = p.clone()
    full = k.expand(p.shape)
    out[full] = m[full]
    return out


def weighted(p, m, k, w):
    return torch.where(k, (p + w * m) / (1 + w), p)


CORRECT = {
    "where": lambda p, m, k: torch.where(k, m, p),
    "arithmetic": lambda p, m, k: p * ~k + m * k,
    "index": index,
    "masked": lambda p, m, k: p + k * (m - p),
}
WRONG = {
    "where measured is not zero": lambda p, m, k: torch.where(m != 0, m, p),
    "in place": lambda p, m, k: p.copy_(torch.where(k, m, p)),
    "real part": lambda p, m, k: torch.where(k, m.real.to(p.dtype), p),
    "single": lambda p, m, k: torch.where(k, m.to(torch.complex64), p).to(p.dtype),
}
SIBLING_CORRECT = {
    "where": weighted,
    "step": lambda p, m, k, w: p + k * w / (1 + w) * (m - p),
    "arithmetic": lambda p, m, k, w: p * ~k + k * (p / (1 + w) + m * (w / (1 + w))),
}
SIBLING_WRONG = {
    "inverted": lambda p, m, k, w: weighted(p, m, ~k, w),
    "everywhere": lambda p, m, k, w: (p + w * m) / (1 + w),
    "mean": lambda p, m, k, w: torch.where(k, (p + m) / 2, p),
    "gradient step": lambda p, m, k, w: p - w * k * (p - m),
}
