"""Answers as students write them."""

import torch
import torch.nn.functional as F
from einops import rearrange


def weights(size, old, like):
    at = ((torch.arange(size, dtype=like.dtype) + 0.5) * old / size - 0.5).clamp(0, old - 1)
    low = at.floor().long()
    high = (low + 1).clamp(max=old - 1)
    out = torch.zeros(size, old, dtype=like.dtype)
    for i in range(size):
        out[i, low[i]] += 1 - (at[i] - low[i])
        out[i, high[i]] += at[i] - low[i]
    return out


def matrix_grid(p, h, w):
    side = round(p.shape[1] ** 0.5)
    grid = p.reshape(1, side, side, -1)
    return torch.einsum("yi,xj,bijd->byxd", weights(h, side, p), weights(w, side, p), grid).flatten(1, 2)


def grid(p, h, w):
    side = int(p.shape[1] ** 0.5)
    picture = rearrange(p, "1 (i j) d -> 1 d i j", i=side)
    return rearrange(F.interpolate(picture, size=(h, w), mode="bilinear"), "1 d h w -> 1 (h w) d")


def per_channel(p, h, w):
    side = int((p.shape[1] - 1) ** 0.5)
    channels = [p[0, 1:, i].reshape(1, 1, side, side) for i in range(p.shape[2])]
    rows = [F.interpolate(c, (h, w), mode="bilinear", align_corners=False).reshape(-1) for c in channels]
    return torch.cat([p[0, :1], torch.stack(rows, -1)])[None]


CORRECT = {
    "einops": lambda p, h, w: torch.cat([p[:, :1], grid(p[:, 1:], h, w)], 1),
    "matrices": lambda p, h, w: torch.cat([p[:, :1], matrix_grid(p[:, 1:], h, w)], 1),
    "per channel": per_channel,
}
WRONG = {
    "transposed grid": lambda p, h, w: torch.cat(
        [p[:, :1], grid(rearrange(p[:, 1:], "1 (j i) d -> 1 (i j) d", i=int((p.shape[1] - 1) ** 0.5)), h, w)],
        1,
    ),
    "columns first": lambda p, h, w: torch.cat(
        [p[:, :1], rearrange(grid(p[:, 1:], h, w), "1 (h w) d -> 1 (w h) d", h=h)], 1
    ),
    "mean as class": lambda p, h, w: torch.cat([p[:, 1:].mean(1, True), grid(p[:, 1:], h, w)], 1),
    "class row zero": lambda p, h, w: torch.cat([p[:, :1] * 0, grid(p[:, 1:], h, w)], 1),
    "area": lambda p, h, w: torch.cat(
        [
            p[:, :1],
            F.interpolate(p[:, 1:].mT.unflatten(2, (int((p.shape[1] - 1) ** 0.5), -1)), (h, w), mode="area")
            .flatten(2)
            .mT,
        ],
        1,
    ),
    "single": lambda p, h, w: per_channel(p.float(), h, w).to(p.dtype),
    "rescaled": lambda p, h, w: per_channel(p, h, w) * (p.shape[1] - 1) / (h * w),
}
SIBLING_CORRECT = {
    "einops": grid,
    "matrices": matrix_grid,
    "per channel": lambda p, h, w: per_channel(torch.cat([p[:, :1], p], 1), h, w)[:, 1:],
}
SIBLING_WRONG = {
    "nearest": lambda p, h, w: (
        F.interpolate(p.mT.unflatten(2, (int(p.shape[1] ** 0.5), -1)), (h, w)).flatten(2).mT
    ),
    "raw": lambda p, h, w: (
        F.interpolate(
            p.reshape(1, -1, int(p.shape[1] ** 0.5), int(p.shape[1] ** 0.5)), (h, w), mode="bilinear"
        )
        .flatten(2)
        .mT
    ),
    "one line": lambda p, h, w: F.interpolate(p.mT, h * w, mode="linear").mT,
}
