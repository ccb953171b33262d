"""Answers as students write them."""

import torch
import torch.nn.functional as F


def published(feature, coord):
    return F.grid_sample(feature, coord.flip(-1).unsqueeze(1), mode="nearest", align_corners=False)[
        :, :, 0, :
    ]


def index(feature, coord):
    _, c, h, w = feature.shape
    size = torch.tensor([h, w], dtype=coord.dtype)
    i = ((coord + 1) / 2 * size).floor().long()
    i = torch.minimum(i.clamp(min=0), torch.tensor([h - 1, w - 1]))
    flat = (i[..., 0] * w + i[..., 1])[:, None].expand(-1, c, -1)
    return feature.flatten(2).gather(2, flat)


def nearest(feature, coord):
    h, w = feature.shape[2:]
    y, x = ((2 * torch.arange(n, dtype=coord.dtype) + 1) / n - 1 for n in (h, w))
    row, column = ((coord[..., k, None] - axis).abs().argmin(-1) for k, axis in enumerate((y, x)))
    return torch.stack([f[:, r, c] for f, r, c in zip(feature, row, column, strict=True)])


def halves(coord):
    return 2 * coord.flip(-1) - 1


CORRECT = {"grid_sample": published, "index": index, "nearest centre": nearest}
WRONG = {
    "no flip": lambda f, p: F.grid_sample(f, p[:, None], mode="nearest", align_corners=False)[:, :, 0],
    "bicubic": lambda f, p: F.grid_sample(f, p.flip(-1)[:, None], mode="bicubic", align_corners=False)[
        :, :, 0
    ],
    "width for both": lambda f, p: index(
        f, ((p + 1) * torch.tensor([f.shape[3] / f.shape[2], 1.0]) - 1).clamp(-1, 1)
    ),
    "ceil": lambda f, p: index(f, (p + 2 / torch.tensor(f.shape[2:])).clamp(max=0.999)),
    "mean of the map": lambda f, p: f.mean((2, 3))[..., None].expand(-1, -1, p.shape[1]),
    "keeps an axis": lambda f, p: F.grid_sample(f, p.flip(-1)[:, None], mode="nearest", align_corners=False),
    "rows flipped": lambda f, p: index(f, p * torch.tensor([1.0, -1.0])),
    "half a cell": lambda f, p: index(f, (p - 1 / torch.tensor(f.shape[2:])).clamp(-1, 1)),
    "single": lambda f, p: published(f.float(), p.float()).to(f.dtype),
    "diagonal": lambda f, p: index(f, p[..., :1].expand_as(p)),
    "in place": lambda f, p: index(f, p.mul_(0.999)),
}
SIBLING_CORRECT = {
    "grid_sample": lambda f, p: F.grid_sample(f, (2 * p - 1)[:, None], mode="nearest", align_corners=False)[
        :, :, 0
    ],
    "index": lambda f, p: index(f, halves(p)),
    "nearest": lambda f, p: nearest(f, halves(p)),
}
SIBLING_WRONG = {
    "corners": lambda f, p: F.grid_sample(f, (2 * p - 1)[:, None], mode="nearest", align_corners=True)[
        :, :, 0
    ],
    "upwards": lambda f, p: index(f.flip(2), halves(p)),
    "first image": lambda f, p: index(f[:1].expand_as(f), halves(p)),
}
