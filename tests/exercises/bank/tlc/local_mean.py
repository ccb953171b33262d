"""Answers as students write them."""

import torch
import torch.nn.functional as F


def pool(x, kernel_size):
    return F.pad(F.avg_pool2d(x, kernel_size, stride=1), (kernel_size // 2,) * 4, mode="replicate")


def integral(x, k, off=0, both=True):
    s = F.pad(x.cumsum(2).cumsum(3), (1, 0, 1, 0))
    n = k - off
    s = (
        s[:, :, k:, k:]
        - s[:, :, k - n : -n or None, k:][:, :, : s.shape[2] - k]
        - s[:, :, k:, :-k]
        + s[:, :, :-k, :-k]
    )
    return F.pad(s / k**2, (k // 2,) * 4, mode="replicate") if both else s / k**2


def conv(x, k):
    c = x.shape[1]
    weight = torch.full((c, 1, k, k), 1 / k**2, dtype=x.dtype)
    y = F.conv2d(x, weight, groups=c)
    rows, columns = ((torch.arange(n) - k // 2).clamp(0, n - k) for n in x.shape[2:])
    return y[:, :, rows][..., columns]


def inside(x, k):
    ones = torch.ones_like(x)
    weight = torch.ones(1, 1, k, k, dtype=x.dtype)
    total, count = (
        F.conv2d(t.flatten(0, 1)[:, None], weight, padding=k // 2).view(x.shape) for t in (x, ones)
    )
    return total / count


def inside_loop(x, k):
    out = torch.empty_like(x)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            out[:, :, i, j] = x[
                :, :, max(i - k // 2, 0) : i + k // 2 + 1, max(j - k // 2, 0) : j + k // 2 + 1
            ].mean((2, 3))
    return out


CORRECT = {
    "pool": pool,
    "integral image": integral,
    "convolution": conv,
    "unfold": lambda x, k: F.pad(
        x.unfold(2, k, 1).unfold(3, k, 1).mean((-2, -1)), (k // 2,) * 4, mode="replicate"
    ),
}
WRONG = {
    "integral off by one": lambda x, k: integral(x, k, off=1),
    "window k + 2": lambda x, k: (
        pool(x, min(k + 2, min(x.shape[2:]) - 1 + min(x.shape[2:]) % 2)) if k < 7 else x
    ),
    "window of 3": lambda x, k: pool(x, 3),
    "gaussian": lambda x, k: pool(pool(x, k), k),
    "median": lambda x, k: F.pad(
        x.unfold(2, k, 1).unfold(3, k, 1).flatten(-2).median(-1).values, (k // 2,) * 4, mode="replicate"
    ),
    "maximum": lambda x, k: F.pad(F.max_pool2d(x, k, 1), (k // 2,) * 4, mode="replicate"),
    "stretched": lambda x, k: F.interpolate(F.avg_pool2d(x, k, 1), x.shape[2:]),
    "borders as they were": lambda x, k: torch.where(
        F.pad(torch.ones_like(F.avg_pool2d(x, k, 1)), (k // 2,) * 4) > 0, pool(x, k), x
    ),
    "corrected once": lambda x, k: pool(x, k) * (k * k) / (k * k - 1 + (k == 1)),
    "subtracted": lambda x, k: x - pool(x, k),
    "single": lambda x, k: pool(x.float(), k).to(x.dtype),
    "transposed": lambda x, k: pool(x.mT, k).mT + 1e-4 * x,
}
SIBLING_CORRECT = {
    "pool": lambda x, k: F.avg_pool2d(x, k, 1, k // 2, count_include_pad=False),
    "convolution": inside,
    "loop": inside_loop,
}
SIBLING_WRONG = {
    "valid": lambda x, k: F.avg_pool2d(x, k, 1),
    "mirrored": lambda x, k: F.avg_pool2d(F.pad(x, (k // 2,) * 4, mode="reflect"), k, 1),
    "sum": lambda x, k: inside(x, k) * k * k,
}
