"""Answers as students write them."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from einops import rearrange


def loop(x, window_size, shift):
    """Windows cut at shift, shift + m, ...: nothing is rolled."""
    b, h, w, c = x.shape
    out = torch.empty_like(x)
    rows, columns = ([0, *range(shift or window_size, n, window_size), n] for n in (h, w))
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            t = x[:, top:bottom, left:right].reshape(b, -1, c)
            y = F.scaled_dot_product_attention(t, t, t)
            out[:, top:bottom, left:right] = y.reshape(b, bottom - top, right - left, c)
    return out


def published(x, m, shift, fill=-100.0, first=lambda r: r[:, None, :] - r[:, :, None], extra=0, back=1):
    b, h, w, c = x.shape
    labels = torch.zeros(1, h, w, 1)
    count = 0
    slices = (slice(0, -m), slice(-m, -shift), slice(-shift, None)) if shift else (slice(None),)
    for i in slices:
        for j in slices:
            labels[:, i, j] = count
            count += 1
    cut = lambda t: rearrange(t, "b (i p) (j q) c -> (b i j) (p q) c", p=m, q=m)  # noqa: E731
    r = cut(labels)[..., 0]
    mask = torch.where(first(r) == 0, 0.0, fill).to(x.dtype)
    t = cut(torch.roll(x, (-shift, -shift), dims=(1, 2)))
    scores = t @ t.transpose(1, 2) / c**0.5
    scores = scores.view(b, -1, m * m, m * m) + mask[None]
    t = scores.softmax(-1).view(-1, m * m, m * m) @ t
    x = rearrange(t, "(b i j) (p q) c -> b (i p) (j q) c", i=h // m, j=w // m, p=m)
    return torch.roll(x, (back * shift, back * shift), dims=(1, 2))


def whole(x, m, shift, label=lambda i, shift, m: (i - shift) // m):
    """All pairs of tokens, masked by the windows' numbers."""
    b, h, w, c = x.shape
    rows, columns = label(torch.arange(h), shift, m), label(torch.arange(w), shift, m)
    number = (rows[:, None] * 1000 + columns).flatten()
    t = x.flatten(1, 2)
    same = number[:, None] == number
    return F.scaled_dot_product_attention(t, t, t, same).view(b, h, w, c)


def padded(x, m, shift):
    """Nine padded windows: zeros around, masked."""
    b, h, w, c = x.shape
    before = (m - shift) % m
    real = F.pad(torch.ones(1, 1, h, w), (before, shift, before, shift))[0, 0]
    y = F.pad(x, (0, 0, before, shift, before, shift))
    rows, columns = y.shape[1] // m, y.shape[2] // m
    y, real = y[:, : rows * m, : columns * m], real[: rows * m, : columns * m]
    t = rearrange(y, "b (i p) (j q) c -> (b i j) (p q) c", p=m, q=m)
    keep = rearrange(real, "(i p) (j q) -> (i j) 1 (p q)", p=m, q=m).repeat(b, 1, 1) > 0
    t = torch.einsum("nij,njc->nic", (t @ t.mT * c**-0.5).masked_fill(~keep, -1e9).softmax(-1), t)
    y = rearrange(t, "(b i j) (p q) c -> b (i p) (j q) c", i=rows, j=columns, p=m)
    return y[:, before : before + h, before : before + w]


def row_masked(x, m, shift, fill=-1e9):
    number = (torch.arange(x.shape[1]) - shift) // m
    s = x @ x.transpose(1, 2) * x.shape[-1] ** -0.5
    return (s + (number[:, None] != number) * fill).softmax(-1) @ x


def row_rolled(x, m, shift):
    t = x.roll(-shift, 1).unflatten(1, (-1, m))
    late = (torch.arange(x.shape[1]) >= x.shape[1] - shift).view(-1, m)
    y = F.scaled_dot_product_attention(t, t, t, late[:, :, None] == late[:, None, :])
    return y.flatten(1, 2).roll(shift, 1)


CORRECT = {
    "loop": loop,
    "published mask of -100": published,
    "published mask, i - j and -inf": lambda x, m, shift: published(
        x, m, shift, float("-inf"), lambda r: r[:, :, None] - r[:, None, :]
    ),
    "whole map": whole,
    "nine padded windows": padded,
}
WRONG = {
    "mask of +100": lambda x, m, shift: published(x, m, shift, 100.0),
    "mask of -1": lambda x, m, shift: published(x, m, shift, -1.0),
    "inverted": lambda x, m, shift: published(
        x, m, shift, first=lambda r: (r[:, None] == r[:, :, None]).float()
    ),
    "rolled back twice": lambda x, m, shift: published(x, m, shift, back=2),
    "rolled back by -shift": lambda x, m, shift: published(x, m, shift, back=-1),
    "shift of half a window always": lambda x, m, shift: loop(x, m, m // 2),
    "windows cut at -shift": lambda x, m, shift: whole(x, m, -shift),
    "wrapped": lambda x, m, shift: whole(x, m, shift, lambda i, s, m: (i - s) % len(i) // m),
    "rows never masked": lambda x, m, shift: torch.where(
        (torch.arange(x.shape[1]) < shift)[:, None, None], published(x, m, shift, 0.0), loop(x, m, shift)
    ),
    "wraps columns of the last row": lambda x, m, shift: torch.cat(
        [loop(x, m, shift)[:, :-1], published(x, m, shift, 0.0)[:, -1:]], 1
    ),
    "values not shifted": lambda x, m, shift: published(x, m, shift) * 0 + loop(x.roll(-shift, 1), m, 0),
    "shift 0 fails": lambda x, m, shift: loop(x, m, shift) if shift else x,
    "residual": lambda x, m, shift: x + loop(x, m, shift),
    "neighbouring channels": lambda x, m, shift: loop(x.flip(-1), m, shift),
    "windows as batch": lambda x, m, shift: loop(x.transpose(1, 2), m, shift).transpose(1, 2) * (1 + 1e-5),
    "single": lambda x, m, shift: loop(x.float(), m, shift).to(x.dtype),
    "keys shifted by a row": lambda x, m, shift: loop(x, m, shift).roll(1, 1),
}
SIBLING_CORRECT = {
    "masked": row_masked,
    "rolled": row_rolled,
    "as a map": lambda x, m, shift: row_masked(x, m, shift, -1e4),
}
SIBLING_WRONG = {
    "fill 0": lambda x, m, shift: row_masked(x, m, shift, 0.0),
    "other way": lambda x, m, shift: row_masked(x, m, -shift),
    "half a window": lambda x, m, shift: row_masked(x, m, m // 2),
}
