"""Answers as students write them."""

import torch
import torch.nn.functional as F
from einops import rearrange


def published(x, weight, bias, eps=1e-6):
    c = x.shape[1]
    mu = x.mean(1, keepdim=True)
    var = (x - mu).pow(2).mean(1, keepdim=True)
    return weight.view(1, c, 1, 1) * ((x - mu) / (var + eps).sqrt()) + bias.view(1, c, 1, 1)


def loop(x, weight, bias, eps=1e-6):
    out = torch.empty_like(x)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            p = x[:, :, i, j]
            p = p - p.mean(1, keepdim=True)
            out[:, :, i, j] = p * (p.square().mean(1, keepdim=True) + eps) ** -0.5 * weight + bias
    return out


def einops(x, weight, bias, eps=1e-6):
    rows = rearrange(x, "b c h w -> (b h w) c")
    return rearrange(
        F.layer_norm(rows, (x.shape[1],), weight, bias, eps), "(b h w) c -> b c h w", b=len(x), h=x.shape[2]
    )


CORRECT = {
    "published": published,
    "permuted": lambda x, w, b, eps=1e-6: F.layer_norm(
        x.permute(0, 2, 3, 1), (x.shape[1],), w, b, eps
    ).permute(0, 3, 1, 2),
    "loop": loop,
    "einops": einops,
}
WRONG = {
    "exchanged": lambda x, w, b, eps=1e-6: published(x, b, w, eps),
    "group norm": lambda x, w, b, eps=1e-6: F.group_norm(x, 1, w, b, eps),
    "last axis": lambda x, w, b, eps=1e-6: (
        F.layer_norm(x, x.shape[-1:], None, None, eps) * w[:, None, None] + b[:, None, None]
    ),
    "default 1e-5": lambda x, w, b, eps=1e-5: published(x, w, b, eps),
    "rows": lambda x, w, b, eps=1e-6: published(x - x.mean(2, True), w, b, eps),
    "variance": lambda x, w, b, eps=1e-6: (
        w[:, None, None] * (x - x.mean(1, True)) / (x.var(1, correction=0, keepdim=True) + eps)
        + b[:, None, None]
    ),
    "no root of the weight": lambda x, w, b, eps=1e-6: published(x, w.abs(), b, eps),
    "single": lambda x, w, b, eps=1e-6: published(x.float(), w.float(), b.float(), eps).to(x.dtype),
    "in place": lambda x, w, b, eps=1e-6: published(x.sub_(1), w, b, eps),
}
SIBLING_CORRECT = {
    "torch": lambda x, w, b, eps=1e-5: F.instance_norm(x, weight=w, bias=b, eps=eps),
    "group norm": lambda x, w, b, eps=1e-5: F.group_norm(x, x.shape[1], w, b, eps),
    "mean": lambda x, w, b, eps=1e-5: (
        (x - x.mean((2, 3), keepdim=True))
        * torch.rsqrt(x.var((2, 3), correction=0, keepdim=True) + eps)
        * w[:, None, None]
        + b[:, None, None]
    ),
}
SIBLING_WRONG = {
    "unbiased": lambda x, w, b, eps=1e-5: (
        (x - x.mean((2, 3), True)) / (x.var((2, 3), keepdim=True) + eps).sqrt() * w[:, None, None]
        + b[:, None, None]
    ),
    "default": lambda x, w, b, eps=1e-6: F.group_norm(x, x.shape[1], w, b, eps),
    "rows": lambda x, w, b, eps=1e-5: (
        (x - x.mean(3, True)) / (x.var(3, correction=0, keepdim=True) + eps).sqrt() * w[:, None, None]
        + b[:, None, None]
    ),
}
