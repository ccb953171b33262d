"""Answers as students write them."""

import torch
import torch.nn.functional as F
from einops import rearrange


def view(windows, window_size, height, width):
    m, c = window_size, windows.shape[-1]
    x = windows.view(-1, height // m, width // m, m, m, c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, height, width, c)


def fold(windows, m, height, width):
    c = windows.shape[-1]
    x = windows.reshape(-1, (height // m) * (width // m), m * m, c).permute(0, 3, 2, 1).flatten(1, 2)
    return F.fold(x, (height, width), m, stride=m).permute(0, 2, 3, 1)


def cat(windows, m, height, width):
    tiles = windows.unflatten(1, (m, m)).unflatten(0, (-1, height // m, width // m))
    rows = [torch.cat(list(tiles[:, i].unbind(1)), dim=2) for i in range(height // m)]
    return torch.cat(rows, dim=1)


CORRECT = {
    "view": view,
    "einops": lambda x, m, height, width: rearrange(
        x, "(b i j) (p q) c -> b (i p) (j q) c", p=m, q=m, i=height // m, j=width // m
    ),
    "fold": fold,
    "cat": cat,
}
WRONG = {
    "one image": lambda x, m, height, width: view(x, m, height, width)[:1],
    "keeps the rows": lambda x, m, height, width: view(x, m, height, width).flatten(1, 2),
    "channels first": lambda x, m, height, width: view(x, m, height, width).permute(0, 3, 1, 2),
    "wrong index": lambda x, m, height, width: (
        x.reshape(-1, height // m, width // m, m, m, x.shape[-1])
        .permute(0, 1, 4, 2, 3, 5)
        .reshape(-1, height, width, x.shape[-1])
    ),
    "bottom up": lambda x, m, height, width: view(x, m, height, width).flip(1),
    "transposed map": lambda x, m, height, width: view(x, m, width, height).transpose(1, 2),
    "single": lambda x, m, height, width: view(x.float(), m, height, width).to(x.dtype),
    "square": lambda x, m, height, width: view(x, m, height, height),
}
SIBLING_CORRECT = {
    "einops": lambda x, g, h, w: rearrange(x, "(b i j) (p q) c -> b (p i) (q j) c", i=h // g, j=w // g, p=g),
    "permute": lambda x, g, h, w: (
        x.reshape(-1, h // g, w // g, g, g, x.shape[-1])
        .permute(0, 3, 1, 4, 2, 5)
        .reshape(-1, h, w, x.shape[-1])
    ),
    "stack": lambda x, g, h, w: torch.stack(
        [
            x.unflatten(0, (-1, h // g, w // g))[
                :, y % (h // g), z % (w // g), y // (h // g) * g + z // (w // g)
            ]
            for y in range(h)
            for z in range(w)
        ],
        1,
    ).unflatten(1, (h, w)),
}
SIBLING_WRONG = {
    "reshape": lambda x, g, h, w: x.reshape(-1, h, w, x.shape[-1]),
    "tokens by column": lambda x, g, h, w: rearrange(
        x, "(b i j) (q p) c -> b (p i) (q j) c", i=h // g, j=w // g, p=g
    ),
    "batch inside": lambda x, g, h, w: rearrange(
        x, "(i j b) (p q) c -> b (p i) (q j) c", i=h // g, j=w // g, p=g
    ),
}
