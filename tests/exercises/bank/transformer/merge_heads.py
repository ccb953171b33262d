"""Answers as students write them."""

import torch
from einops import rearrange


def loop(x):
    b, h, n, d = x.shape
    out = x.new_zeros(b, n, h * d)
    for i in range(h):
        out[..., i * d : (i + 1) * d] = x[:, i]
    return out


CORRECT = {
    "loop": loop,
    "einops": lambda x: rearrange(x, "b h n d -> b n (h d)"),
    "transpose": lambda x: x.transpose(1, 2).contiguous().view(x.shape[0], x.shape[2], -1),
    "flatten": lambda x: x.permute(0, 2, 1, 3).flatten(2),
}
WRONG = {
    "sum": lambda x: x.sum(1),
    "first head": lambda x: x[:, :1].expand(x.shape).transpose(1, 2).flatten(2),
    "keeps the axis": lambda x: x.transpose(1, 2),
    "batch in the heads": lambda x: rearrange(x, "b h n d -> n b (h d)"),
    "single": lambda x: loop(x.float()).to(x.dtype),
    "in place": lambda x: loop(x.mul_(1.0 + 1e-9)),
}
SIBLING_CORRECT = {
    "einops": lambda x: rearrange(x, "b h n d -> b n (d h)"),
    "stack": lambda x: torch.stack(x.unbind(1), dim=-1).flatten(2),
    "permute": lambda x: x.permute(0, 2, 3, 1).reshape(x.shape[0], x.shape[2], -1),
}
SIBLING_WRONG = {
    "sum": lambda x: x.sum(1),
    "transposed": lambda x: rearrange(x, "b h n d -> b (d h) n"),
    "tokens": lambda x: x.permute(0, 3, 2, 1).reshape(x.shape[0], x.shape[2], -1),
}
