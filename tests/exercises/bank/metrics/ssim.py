"""Answers as students write them."""

import numpy as np
import torch
import torch.nn.functional as F


def weights(dtype, size=11, sigma=1.5):
    g = torch.exp(-((torch.arange(size, dtype=dtype) - size // 2) ** 2) / (2 * sigma**2))
    return g / g.sum()


def conv(x, y, r, k=None, factor=1.0):
    c = x.shape[1]
    g = weights(x.dtype)
    k = (torch.outer(g, g) if k is None else k.to(x)).expand(c, 1, -1, -1)
    blur = lambda t: F.conv2d(t, k, groups=c)  # noqa: E731
    mx, my = blur(x), blur(y)
    vx, vy, v = (factor * z for z in (blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my))
    c1, c2 = (0.01 * r) ** 2, (0.03 * r) ** 2
    return ((2 * mx * my + c1) * (2 * v + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


def unfold(x, y, r):
    g = weights(torch.float64)
    w = torch.outer(g, g).reshape(-1)
    px, py = (t.double().unfold(2, 11, 1).unfold(3, 11, 1).flatten(-2) for t in (x, y))
    mx, my = px @ w, py @ w
    dx, dy = px - mx[..., None], py - my[..., None]
    vx, vy = torch.einsum("bchwk,k->bchw", dx**2, w), torch.einsum("bchwk,k->bchw", dy**2, w)
    v = torch.einsum("bchwk,bchwk,k->bchw", dx, dy, w)
    c1, c2 = (0.01 * r) ** 2, (0.03 * r) ** 2
    light = (2 * mx * my + c1) / (mx * mx + my * my + c1)
    return (light * (2 * v + c2) / (vx + vy + c2)).mean().to(x.dtype)


def loop(x, y, r):
    g = np.exp(-((np.arange(11) - 5.0) ** 2) / 4.5)
    w = np.outer(g, g) / g.sum() ** 2
    values = []
    for p, t in zip(x.flatten(0, 1).double().numpy(), y.flatten(0, 1).double().numpy(), strict=True):
        for i in range(p.shape[0] - 10):
            for j in range(p.shape[1] - 10):
                a, b = p[i : i + 11, j : j + 11], t[i : i + 11, j : j + 11]
                ma, mb = np.average(a, weights=w), np.average(b, weights=w)
                va, vb = np.average((a - ma) ** 2, weights=w), np.average((b - mb) ** 2, weights=w)
                v = np.average((a - ma) * (b - mb), weights=w)
                c1, c2 = 0.0001 * r * r, 0.0009 * r * r
                values.append((2 * ma * mb + c1) * (2 * v + c2) / (ma**2 + mb**2 + c1) / (va + vb + c2))
    return torch.tensor(np.mean(values), dtype=x.dtype)


def pool_7(x, y, r):
    blur = lambda t: F.avg_pool2d(t, 7, stride=1)  # noqa: E731
    mx, my = blur(x), blur(y)
    vx, vy, v = (z * 49 / 48 for z in (blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my))
    c1, c2 = (0.01 * r) ** 2, (0.03 * r) ** 2
    return ((2 * mx * my + c1) * (2 * v + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


def unfold_7(x, y, r):
    px, py = (t.unfold(2, 7, 1).unfold(3, 7, 1).flatten(-2) for t in (x, y))
    mx, my = px.mean(-1), py.mean(-1)
    v = ((px - mx[..., None]) * (py - my[..., None])).sum(-1) / 48
    c1, c2 = (0.01 * r) ** 2, (0.03 * r) ** 2
    light = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    return (light * (2 * v + c2) / (px.var(-1) + py.var(-1) + c2)).mean()


def each_image(x, y, r):
    return torch.stack([conv(p[None], t[None], r) for p, t in zip(x, y, strict=True)])


CORRECT = {"conv": conv, "unfold": unfold, "loop": loop, "scaled": lambda x, y, r: conv(x / r, y / r, 1.0)}
WRONG = {
    "tiny constants": lambda x, y, r: conv(x * 1e6, y * 1e6, r),
    "one": lambda x, y, r: torch.ones((), dtype=x.dtype),
    "one value an image": each_image,
    "first channel": lambda x, y, r: conv(x[:, :1], y[:, :1], r),
    "clamped": lambda x, y, r: conv(x.clamp(0, r), y.clamp(0, r), r),
    "single inside": lambda x, y, r: conv(x.float(), y.float(), r).to(x.dtype),
    "sum of the window": lambda x, y, r: conv(x, y, r, torch.ones(11, 11)),
}
SIBLING_CORRECT = {
    "conv": lambda x, y, r: conv(x, y, r, torch.full((7, 7), 1 / 49, dtype=torch.float64), 49 / 48),
    "pool": pool_7,
    "unfold": unfold_7,
}
SIBLING_WRONG = {
    "gaussian 7": lambda x, y, r: conv(
        x, y, r, torch.outer(weights(torch.float64, 7), weights(torch.float64, 7))
    ),
    "global": lambda x, y, r: conv(x, y, r, torch.full(x.shape[2:], 1 / x[0, 0].numel())),
    "factor 48 / 49": lambda x, y, r: conv(x, y, r, torch.full((7, 7), 1 / 49, dtype=torch.float64), 48 / 49),
}
