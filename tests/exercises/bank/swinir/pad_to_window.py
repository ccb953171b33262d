"""Answers as students write them."""

import torch
import torch.nn.functional as F


def reflect(x, m):
    return F.pad(x, (0, -x.shape[3] % m, 0, -x.shape[2] % m), mode="reflect")


def index(x, m):
    h, w = x.shape[2:]
    i, j = (torch.arange(n + (m - n % m) % m) for n in (h, w))
    i, j = (torch.where(k < n, k, 2 * n - 2 - k) for k, n in ((i, h), (j, w)))
    return x[:, :, i][..., j]


def flip(x, m):
    h, w = x.shape[2:]
    x = torch.cat([x, x.flip(2)[:, :, 1 : 1 + -h % m]], 2)
    return torch.cat([x, x.flip(3)[..., 1 : 1 + -w % m]], 3)


def around(x, m, mode="reflect"):
    (a, b), (c, d) = ((-n % m // 2, -n % m - -n % m // 2) for n in x.shape[2:])
    return F.pad(x, (c, d, a, b), mode=mode)


def around_index(x, m):
    for axis in (2, 3):
        n = x.shape[axis]
        more = -n % m
        i = (torch.arange(n + more) - more // 2).abs()
        x = x.index_select(axis, torch.where(i < n, i, 2 * n - 2 - i))
    return x


def around_crop(x, m):
    padded = F.pad(x, (m, m, m, m), mode="reflect")
    h, w = x.shape[2:]
    top, left = m - -h % m // 2, m - -w % m // 2
    return padded[:, :, top : top + h + -h % m, left : left + w + -w % m]


CORRECT = {"pad": reflect, "index": index, "flip": flip}
WRONG = {
    "resized": lambda x, m: F.interpolate(x, tuple(n + -n % m for n in x.shape[2:]), mode="bilinear"),
    "rows alone": lambda x, m: F.pad(x, (0, 0, 0, -x.shape[2] % m), mode="reflect"),
    "single": lambda x, m: reflect(x.float(), m).to(x.dtype),
    "window 8": lambda x, m: reflect(x, 8),
}
SIBLING_CORRECT = {"pad": around, "index": around_index, "crop": around_crop}
SIBLING_WRONG = {
    "circular": lambda x, m: around(x, m, "circular"),
    "more at the top": lambda x, m: around(x.flip(2, 3), m).flip(2, 3),
    "top left": lambda x, m: reflect(x.flip(2, 3), m).flip(2, 3),
    "cropped": lambda x, m: x[..., : x.shape[2] // m * m, : x.shape[3] // m * m],
}
