"""Answers as students write them."""

import math

import einops
import numpy as np
import torch
import torch.nn.functional as F


def loop(prediction, target, data_range):
    values = []
    for p, t in zip(prediction, target, strict=True):
        values.append(20 * torch.log10(data_range / torch.sqrt(torch.mean((p - t) ** 2))))
    return torch.stack(values).mean()


def einsum(prediction, target, data_range):
    d = (prediction - target) / data_range
    return -10 * (torch.einsum("bchw,bchw->b", d, d) / d[0].numel()).log10().mean()


def floats(prediction, target, data_range):
    total = 0.0
    for i in range(prediction.shape[0]):
        mse = F.mse_loss(prediction[i].double(), target[i].double()).item()
        total += math.inf if mse == 0 else 10 * math.log10(data_range * data_range / mse)
    return torch.tensor(total / prediction.shape[0], dtype=prediction.dtype)


def numpy(prediction, target, data_range):
    p, t = prediction.numpy().astype(np.float64), target.numpy().astype(np.float64)
    with np.errstate(divide="ignore"):
        values = 10 * np.log10(data_range**2 / ((p - t) ** 2).mean(axis=(1, 2, 3)))
    return torch.as_tensor(values.mean()).to(prediction)


def einops_reduce(prediction, target, data_range):
    mse = einops.reduce((prediction - target) ** 2, "b c h w -> b", "mean")
    return torch.mean(10.0 * torch.log10(torch.as_tensor(data_range, dtype=mse.dtype) ** 2 / mse))


def mse(x, y):
    return ((x - y) ** 2).mean(dim=(1, 2, 3))


def identical_is_100(x, y, r):
    return torch.where(mse(x, y) == 0, 100.0, 10 * torch.log10(r**2 / mse(x, y))).mean()


def drops_infinite(x, y, r):
    v = 10 * torch.log10(r**2 / mse(x, y))
    return v[v.isfinite()].mean() if v.isfinite().any() else v.mean()


def cut(t, n):
    return t.narrow(2, n, t.shape[2] - 2 * n).narrow(3, n, t.shape[3] - 2 * n)


CORRECT = {"loop": loop, "einsum": einsum, "floats": floats, "numpy": numpy, "einops": einops_reduce}
WRONG = {
    "sum of squares": lambda x, y, r: (10 * torch.log10(r**2 / (x - y).square().sum((1, 2, 3)))).mean(),
    "one value an image": lambda x, y, r: 10 * torch.log10(r**2 / mse(x, y)),
    "keeps an axis": lambda x, y, r: loop(x, y, r)[None],
    "Python float": lambda x, y, r: loop(x, y, r).item(),
    "numpy array": lambda x, y, r: loop(x, y, r).numpy(),
    "always double": lambda x, y, r: loop(x, y, r).double(),
    "single inside": lambda x, y, r: loop(x.float(), y.float(), r).to(x.dtype),
    "identical is 100": identical_is_100,
    "eps in the MSE": lambda x, y, r: (10 * torch.log10(r**2 / (mse(x, y) + 1e-8))).mean(),
    "drops infinite images": drops_infinite,
    "in place": lambda x, y, r: loop(x.sub_(y), y * 0, r),
    "first image alone": lambda x, y, r: loop(x[:1], y[:1], r),
    "constant": lambda x, y, r: torch.tensor(20.0, dtype=x.dtype),
}
SIBLING_CORRECT = {
    "slice": lambda x, y, r, n: loop(*(t[..., n : t.shape[2] - n, n : t.shape[3] - n] for t in (x, y)), r),
    "pad": lambda x, y, r, n: floats(*(F.pad(t, (-n, -n, -n, -n)) for t in (x, y)), r),
    "narrow": lambda x, y, r, n: einsum(cut(x, n), cut(y, n), r),
}
SIBLING_WRONG = {
    "rows alone": lambda x, y, r, n: loop(x[:, :, n : x.shape[2] - n], y[:, :, n : x.shape[2] - n], r),
    "border 0 empties": lambda x, y, r, n: loop(x[..., n:-n, n:-n], y[..., n:-n, n:-n], r),
    "fixed border": lambda x, y, r, n: loop(cut(x, 2), cut(y, 2), r),
    "range 1": lambda x, y, r, n: loop(cut(x, n), cut(y, n), 1.0),
}
