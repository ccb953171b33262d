"""Answers as students write them."""

import torch
import torch.nn.functional as F


def loop(x, weight, bias, eps=1e-5):
    out = []
    for token in x.reshape(-1, x.shape[-1]):
        mean = sum(token) / len(token)
        variance = sum((value - mean) ** 2 for value in token) / len(token)
        out.append((token - mean) / torch.sqrt(variance + eps) * weight + bias)
    return torch.stack(out).reshape(x.shape)


def moments(x, weight, bias, eps=1e-5):
    mean = x.mean(dim=-1, keepdim=True)
    variance = (x**2).mean(dim=-1, keepdim=True) - mean**2
    return weight * (x - mean) * torch.rsqrt(variance + eps) + bias


def var(x, weight, bias, eps=1e-5):
    std = torch.sqrt(x.var(-1, unbiased=False, keepdim=True) + eps)
    return (x - x.mean(-1, keepdim=True)) / std * weight + bias


def in_place(x, weight, bias, eps=1e-5):
    x -= x.mean(-1, keepdim=True)
    return var(x, weight, bias, eps)


CORRECT = {
    "loop": loop,
    "moments": moments,
    "var": var,
    "torch": lambda x, weight, bias, eps=1e-5: F.layer_norm(x, x.shape[-1:], weight, bias, eps),
}
WRONG = {
    "bias first": lambda x, w, b, eps=1e-5: F.layer_norm(x, x.shape[-1:], None, None, eps).add(b).mul(w),
    "weight and bias exchanged": lambda x, w, b, eps=1e-5: var(x, b, w, eps),
    "eps squared": lambda x, w, b, eps=1e-5: var(x, w, b, eps**2),
    "standard deviation with eps 1e-8": lambda x, w, b, eps=1e-5: var(x, w, b, eps + 1e-8 * 1e5),
    "weight plus one": lambda x, w, b, eps=1e-5: var(x, 1 + w, b, eps),
    "mean absolute deviation": lambda x, w, b, eps=1e-5: (
        (x - x.mean(-1, True)) / ((x - x.mean(-1, True)).abs().mean(-1, True) + eps) * w + b
    ),
    "default 1e-6": lambda x, w, b, eps=1e-6: var(x, w, b, eps),
    "in place": in_place,
    "single": lambda x, w, b, eps=1e-5: var(x.float(), w.float(), b.float(), eps).to(x.dtype),
    "l2": lambda x, w, b, eps=1e-5: F.normalize(x - x.mean(-1, True), dim=-1) * w + b,
}
SIBLING_CORRECT = {
    "torch": lambda x, weight, eps=1e-6: F.rms_norm(x, x.shape[-1:], weight, eps),
    "rsqrt": lambda x, weight, eps=1e-6: weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps),
    "norm": lambda x, weight, eps=1e-6: (
        x * weight / (x.norm(dim=-1, keepdim=True) ** 2 / x.shape[-1] + eps) ** 0.5
    ),
}
SIBLING_WRONG = {
    "tokens": lambda x, weight, eps=1e-6: x * weight / (x.square().mean(-2, True) + eps).sqrt(),
    "weight plus one": lambda x, weight, eps=1e-6: F.rms_norm(x, x.shape[-1:], weight + 1, eps),
    "default": lambda x, weight, eps=1e-5: F.rms_norm(x, x.shape[-1:], weight, eps),
}
