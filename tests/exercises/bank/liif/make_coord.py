"""Answers as students write them."""

import torch
import torch.nn.functional as F


def published(height, width):
    seqs = []
    for n in (height, width):
        r = 1 / n
        seqs.append(-1 + r + 2 * r * torch.arange(n).float())
    return torch.stack(torch.meshgrid(*seqs, indexing="ij"), dim=-1)


def double(height, width):
    y = (torch.arange(height, dtype=torch.float64) + 0.5) / height * 2 - 1
    x = (torch.arange(width, dtype=torch.float64) + 0.5) / width * 2 - 1
    return torch.stack([y[:, None].expand(height, width), x.expand(height, width)], -1)


def affine(height, width):
    theta = torch.eye(2, 3, dtype=torch.float64)[None]
    return F.affine_grid(theta, (1, 1, height, width), align_corners=False)[0].flip(-1)


def grid(ys, xs):
    return torch.stack(torch.meshgrid(ys, xs, indexing="ij"), dim=-1)


CORRECT = {
    "published": published,
    "double": double,
    "affine": affine,
    "linspace": lambda h, w: grid(
        *(torch.linspace(-1 + 1 / n, 1 - 1 / n, n, dtype=torch.float64) for n in (h, w))
    ),
}
WRONG = {
    "xy indexing": lambda h, w: torch.stack(
        torch.meshgrid(double(h, 1)[:, 0, 0], double(1, w)[0, :, 1], indexing="xy"), -1
    ),
    "height twice": lambda h, w: (
        grid(double(h, 1)[:, 0, 0], double(h, h)[0, :, 1])
        if h == w
        else double(h, w) * torch.tensor([1.0, w / h]).double()
    ),
    "channels first": lambda h, w: double(h, w).permute(2, 0, 1),
    "half": lambda h, w: published(h, w).half(),
    "integers": lambda h, w: published(h, w).long(),
    "arange over n - 1": lambda h, w: grid(
        *(2 * torch.arange(n).double() / max(n - 1, 1) - 1 for n in (h, w))
    ),
    "numpy": lambda h, w: double(h, w).numpy(),
    "shifted": lambda h, w: double(h, w) + 1e-4,
    "batch": lambda h, w: double(h, w)[None],
}
SIBLING_CORRECT = {
    "double": lambda h, w: (double(h, w).flip(-1) + 1) / 2,
    "single": lambda h, w: torch.stack(
        [((torch.arange(w) + 0.5) / w).expand(h, w), ((torch.arange(h) + 0.5) / h)[:, None].expand(h, w)], -1
    ),
    "linspace": lambda h, w: grid(*(torch.linspace(0.5 / n, 1 - 0.5 / n, n) for n in (h, w)))[..., [1, 0]],
}
SIBLING_WRONG = {
    "edges": lambda h, w: grid(torch.arange(h) / h, torch.arange(w) / w).flip(-1),
    "transposed": lambda h, w: (double(w, h) + 1) / 2,
    "upwards": lambda h, w: ((double(h, w).flip(-1) + 1) / 2).flip(0),
}
