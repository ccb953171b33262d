"""Answers as students write them."""

import torch
from einops import rearrange


def loop(x, num_heads):
    b, n, c = x.shape
    d = c // num_heads
    out = torch.empty(b, num_heads, n, d, dtype=x.dtype)
    for i in range(num_heads):
        out[:, i] = x[:, :, i * d : (i + 1) * d]
    return out


CORRECT = {
    "loop": loop,
    "einops": lambda x, num_heads: rearrange(x, "b n (h d) -> b h n d", h=num_heads),
    "view": lambda x, num_heads: x.view(*x.shape[:2], num_heads, -1).transpose(1, 2),
    "unflatten": lambda x, num_heads: x.unflatten(2, (num_heads, -1)).permute(0, 2, 1, 3).contiguous(),
}
WRONG = {
    "interleaved tokens": lambda x, num_heads: rearrange(x, "b n (h d) -> b h n d", h=num_heads).flip(2),
    "heads outermost": lambda x, num_heads: rearrange(x, "b n (h d) -> (b h) n d", h=num_heads),
    "in single precision": lambda x, num_heads: loop(x.float(), num_heads).to(x.dtype),
    "copied head": lambda x, num_heads: loop(x, num_heads)[:, :1].expand(-1, num_heads, -1, -1),
    "batch and heads exchanged": lambda x, num_heads: loop(x, num_heads).transpose(0, 1),
}
SIBLING_CORRECT = {
    "einops": lambda x, num_heads: rearrange(x, "b n (d h) -> b h n d", h=num_heads),
    "unflatten": lambda x, num_heads: x.unflatten(2, (-1, num_heads)).movedim(-1, 1),
    "index": lambda x, num_heads: x.reshape(*x.shape[:2], -1, num_heads).permute(0, 3, 1, 2),
}
SIBLING_WRONG = {
    "last axes": lambda x, num_heads: rearrange(x, "b n (d h) -> b h d n", h=num_heads),
    "no transpose": lambda x, num_heads: x.unflatten(2, (-1, num_heads)),
    "reversed": lambda x, num_heads: rearrange(x, "b n (d h) -> b h n d", h=num_heads).flip(1),
}
