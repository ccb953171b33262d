"""Answers as students write them."""

import torch
import torch.nn.functional as F
from einops import rearrange


def halves(x):
    c = x.shape[1] // 2
    return x[:, :c] * x[:, c:]


def in_place(x):
    a, b = x.chunk(2, 1)
    return a.mul_(b)


CORRECT = {
    "chunk": lambda x: torch.mul(*x.chunk(2, dim=1)),
    "slices": halves,
    "einops": lambda x: rearrange(x, "b (two c) h w -> two b c h w", two=2).prod(0),
    "loop": lambda x: torch.stack([x[:, i] * x[:, i + x.shape[1] // 2] for i in range(x.shape[1] // 2)], 1),
}
WRONG = {
    "rows": lambda x: torch.mul(*x.chunk(2, dim=0)) if len(x) % 2 == 0 else x,
    "glu": lambda x: F.glu(x, dim=1),
    "silu": lambda x: x.chunk(2, 1)[0] * F.silu(x.chunk(2, 1)[1]),
    "in place": in_place,
    "mirrored": lambda x: halves(torch.cat([x.chunk(2, 1)[0], x.chunk(2, 1)[1].flip(1)], 1)),
    "normalised": lambda x: halves(x) / 2,
    "pooled gate": lambda x: x.chunk(2, 1)[0] * x.chunk(2, 1)[1].mean((2, 3), keepdim=True),
    "clamped": lambda x: halves(x).clamp(-100, 100),
    "single": lambda x: halves(x.float()).to(x.dtype),
    "wrong axis": lambda x: x.chunk(2, -1)[0] * x.chunk(2, -1)[-1] if x.shape[-1] % 2 == 0 else x,
}
SIBLING_CORRECT = {
    "torch": lambda x: F.glu(x, dim=1),
    "sigmoid": lambda x: x[:, : x.shape[1] // 2] * torch.sigmoid(x[:, x.shape[1] // 2 :]),
    "tanh": lambda x: x[:, : x.shape[1] // 2] * (1 + torch.tanh(x[:, x.shape[1] // 2 :] / 2)) / 2,
}
SIBLING_WRONG = {
    "even and odd": lambda x: x[:, ::2] * x[:, 1::2].sigmoid(),
    "tanh": lambda x: x[:, : x.shape[1] // 2] * x[:, x.shape[1] // 2 :].tanh(),
    "silu": lambda x: x[:, : x.shape[1] // 2] * F.silu(x[:, x.shape[1] // 2 :]),
}
