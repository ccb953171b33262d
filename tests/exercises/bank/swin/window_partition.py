"""Answers as students write them."""

import torch
from einops import rearrange


def view(x, window_size):
    b, h, w, c = x.shape
    m = window_size
    x = x.view(b, h // m, m, w // m, m, c)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, m * m, c)


def unfold(x, window_size):
    x = x.unfold(1, window_size, window_size).unfold(2, window_size, window_size)
    return x.permute(0, 1, 2, 4, 5, 3).flatten(0, 2).flatten(1, 2)


def split(x, window_size):
    rows = x.split(window_size, dim=1)
    windows = [part.flatten(1, 2) for row in rows for part in row.split(window_size, dim=2)]
    return torch.stack(windows, 1).flatten(0, 1)


CORRECT = {
    "view": view,
    "einops": lambda x, m: rearrange(x, "b (i p) (j q) c -> (b i j) (p q) c", p=m, q=m),
    "unfold": unfold,
    "split": split,
}
WRONG = {
    "wrong index": lambda x, m: (
        x.reshape(len(x), x.shape[1] // m, m, x.shape[2] // m, m, -1)
        .permute(0, 1, 3, 4, 2, 5)
        .reshape(-1, m * m, x.shape[-1])
    ),
    "keeps the axes": lambda x, m: rearrange(x, "b (i p) (j q) c -> (b i j) p q c", p=m, q=m),
    "windows by image": lambda x, m: rearrange(x, "b (i p) (j q) c -> b (i j) (p q) c", p=m, q=m),
    "reversed": lambda x, m: view(x.flip(1), m),
    "channels first": lambda x, m: view(x, m).mT,
    "window 7": lambda x, m: view(x, 7),
    "single": lambda x, m: view(x.float(), m).to(x.dtype),
    "stacked windows": lambda x, m: torch.cat(
        [
            x[:, i : i + m, j : j + m].flatten(1, 2)
            for i in range(0, x.shape[1], m)
            for j in range(0, x.shape[2], m)
        ]
    ),
    "in place": lambda x, m: view(x.add_(1), m) - 1,
}
SIBLING_CORRECT = {
    "einops": lambda x, g: rearrange(x, "b (p i) (q j) c -> (b i j) (p q) c", p=g, q=g),
    "slices": lambda x, g: torch.stack(
        [
            x[:, i :: x.shape[1] // g, j :: x.shape[2] // g].flatten(1, 2)
            for i in range(x.shape[1] // g)
            for j in range(x.shape[2] // g)
        ],
        1,
    ).flatten(0, 1),
    "permute": lambda x, g: (
        x.reshape(len(x), g, x.shape[1] // g, g, x.shape[2] // g, -1)
        .permute(0, 2, 4, 1, 3, 5)
        .reshape(-1, g * g, x.shape[-1])
    ),
}
SIBLING_WRONG = {
    "reshape": lambda x, g: x.reshape(-1, g * g, x.shape[-1]),
    "batch inside": lambda x, g: rearrange(x, "b (p i) (q j) c -> (i j b) (p q) c", p=g, q=g),
    "rows as windows": lambda x, g: rearrange(x, "b (i p) (q j) c -> (b i j) (p q) c", p=g, q=g),
}
