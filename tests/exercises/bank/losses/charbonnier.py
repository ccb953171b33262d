"""Answers as students write them."""

import math

import torch
import torch.nn.functional as F


def loop(x, y, eps=1e-3):
    total = sum(math.hypot(d, eps) for d in (x - y).flatten().tolist())
    return torch.tensor(total / x.numel(), dtype=x.dtype)


def root(x, y, eps=1e-3):
    return torch.sqrt((x - y) ** 2 + eps**2).mean()


def huber(x, y, delta=0.1):
    return (delta**2 * (torch.sqrt(1 + ((x - y) / delta) ** 2) - 1)).mean()


CORRECT = {
    "root": root,
    "hypot": lambda x, y, eps=1e-3: torch.hypot(x - y, torch.full_like(x, eps)).mean(),
    "loop": loop,
    "norm": lambda x, y, eps=1e-3: (
        torch.stack([x - y, torch.full_like(x, eps)]).norm(dim=0).mean((1, 2, 3)).mean()
    ),
    "power": lambda x, y, eps=0.001: torch.mean(torch.pow(torch.square(y - x) + eps * eps, 0.5)),
}
WRONG = {
    "MSE": lambda x, y, eps=1e-3: F.mse_loss(x, y),
    "another default": lambda x, y, eps=1e-6: root(x, y, eps),
    "no default": lambda x, y, eps: root(x, y, eps),
    "signed": lambda x, y, eps=1e-3: (x - y + eps).mean(),
    "smooth L1": lambda x, y, eps=1e-3: F.smooth_l1_loss(x, y, beta=eps),
    "not reduced": lambda x, y, eps=1e-3: torch.sqrt((x - y) ** 2 + eps**2),
    "in place": lambda x, y, eps=1e-3: root(x.sub_(y), 0, eps),
    "single": lambda x, y, eps=1e-3: root(x.float(), y.float(), eps).to(x.dtype),
}
SIBLING_CORRECT = {
    "direct": huber,
    "other form": lambda x, y, delta=0.1: delta * (torch.sqrt((x - y) ** 2 + delta**2) - delta).mean(),
    "hypot": lambda x, y, delta=0.1: delta * (torch.hypot(x - y, torch.full_like(x, delta)) - delta).mean(),
}
SIBLING_WRONG = {
    "charbonnier": root,
    "factor delta": lambda x, y, delta=0.1: huber(x, y, delta) / delta,
    "huber": lambda x, y, delta=0.1: F.huber_loss(x, y, delta=delta),
    "fixed": lambda x, y, delta=0.1: huber(x, y),
}
