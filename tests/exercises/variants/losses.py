"""Answers as students write them."""

import math

import torch
import torch.nn.functional as F


def charbonnier_loop(x, y, eps=1e-3):
    total = sum(math.hypot(d, eps) for d in (x - y).flatten().tolist())
    return torch.tensor(total / x.numel(), dtype=x.dtype)


def charbonnier_in_place(x, y, eps=1e-3):
    x.sub_(y)
    return (x**2 + eps**2).sqrt().mean()


WRONG_CHARBONNIER = [
    ("eps not squared", lambda x, y, eps=1e-3: torch.sqrt((x - y) ** 2 + eps).mean(), "not squared"),
    ("L1", lambda x, y, eps=1e-3: F.l1_loss(x, y), "L1"),
    ("MSE", lambda x, y, eps=1e-3: F.mse_loss(x, y), None),
    ("sum", lambda x, y, eps=1e-3: torch.sqrt((x - y) ** 2 + eps**2).sum(), "summed"),
    ("root of the mean", lambda x, y, eps=1e-3: torch.sqrt(F.mse_loss(x, y) + eps**2), "after the mean"),
    (
        "root of the mean of both",
        lambda x, y, eps=1e-3: ((x - y) ** 2 + eps**2).mean().sqrt(),
        "after the mean",
    ),
    ("eps outside", lambda x, y, eps=1e-3: (x - y).abs().mean() + eps, "under the root"),
    ("no root", lambda x, y, eps=1e-3: ((x - y) ** 2 + eps**2).mean(), "root is missing"),
    ("fixed eps", lambda x, y, eps=1e-3: torch.sqrt((x - y) ** 2 + 1e-6).mean(), "default"),
    ("another default", lambda x, y, eps=1e-6: torch.sqrt((x - y) ** 2 + eps**2).mean(), None),
    ("no default", lambda x, y, eps: torch.sqrt((x - y) ** 2 + eps**2).mean(), None),
    ("minus eps", lambda x, y, eps=1e-3: torch.sqrt((x - y) ** 2 + eps**2).mean() - eps, "taken off"),
    ("signed", lambda x, y, eps=1e-3: (x - y + eps).mean(), None),
    ("smooth L1", lambda x, y, eps=1e-3: F.smooth_l1_loss(x, y, beta=eps), None),
    ("not reduced", lambda x, y, eps=1e-3: torch.sqrt((x - y) ** 2 + eps**2), None),
    ("in place", charbonnier_in_place, None),
]
WRONG_HUBER = [
    ("charbonnier", lambda x, y, delta=0.1: torch.sqrt((x - y) ** 2 + delta**2).mean(), None),
    (
        "keeps 1",
        lambda x, y, delta=0.1: (delta**2 * torch.sqrt(1 + ((x - y) / delta) ** 2)).mean(),
        "1 is not",
    ),
    ("no factor", lambda x, y, delta=0.1: (torch.sqrt(1 + ((x - y) / delta) ** 2) - 1).mean(), "factor"),
    (
        "factor delta",
        lambda x, y, delta=0.1: (delta * (torch.sqrt(1 + ((x - y) / delta) ** 2) - 1)).mean(),
        None,
    ),
    (
        "sum",
        lambda x, y, delta=0.1: (delta**2 * (torch.sqrt(1 + ((x - y) / delta) ** 2) - 1)).sum(),
        "summed",
    ),
    ("huber", lambda x, y, delta=0.1: F.huber_loss(x, y, delta=delta), None),
    ("fixed", lambda x, y, delta=0.1: (0.01 * (torch.sqrt(1 + ((x - y) / 0.1) ** 2) - 1)).mean(), None),
]
CORRECT = {
    "losses.charbonnier": [
        ("sqrt", lambda x, y, eps=1e-3: torch.sqrt((x - y) ** 2 + eps**2).mean()),
        ("hypot", lambda x, y, eps=1e-3: torch.hypot(x - y, torch.full_like(x, eps)).mean()),
        ("loop", charbonnier_loop),
        (
            "norm",
            lambda x, y, eps=1e-3: (
                torch.stack([x - y, torch.full_like(x, eps)]).norm(dim=0).mean((1, 2, 3)).mean()
            ),
        ),
        ("power", lambda x, y, eps=0.001: torch.mean(torch.pow(torch.square(y - x) + eps * eps, 0.5))),
    ],
    "losses.pseudo_huber": [
        ("direct", lambda x, y, delta=0.1: (delta**2 * (torch.sqrt(1 + ((x - y) / delta) ** 2) - 1)).mean()),
        ("other form", lambda x, y, delta=0.1: delta * (torch.sqrt((x - y) ** 2 + delta**2) - delta).mean()),
        (
            "hypot",
            lambda x, y, delta=0.1: delta * (torch.hypot(x - y, torch.full_like(x, delta)) - delta).mean(),
        ),
    ],
}
_TABLES = {"losses.charbonnier": WRONG_CHARBONNIER, "losses.pseudo_huber": WRONG_HUBER}
WRONG = {exercise: [(name, function) for name, function, _ in table] for exercise, table in _TABLES.items()}
NAMED = {exercise: {name: words for name, _, words in table if words} for exercise, table in _TABLES.items()}
