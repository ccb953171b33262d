"""Answers as students write them."""

import torch
import torch.nn.functional as F
from einops import rearrange


def reshape(image, patch_size):
    b, c, h, w = image.shape
    p = patch_size
    x = image.reshape(b, c, h // p, p, w // p, p).permute(0, 2, 4, 1, 3, 5)
    return x.reshape(b, (h // p) * (w // p), c * p * p)


def windows(image, patch_size):
    x = image.unfold(2, patch_size, patch_size).unfold(3, patch_size, patch_size)
    return x.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


CORRECT = {
    "reshape": reshape,
    "einops": lambda image, patch_size: rearrange(
        image, "b c (h p) (w q) -> b (h w) (c p q)", p=patch_size, q=patch_size
    ),
    "unfold": lambda image, patch_size: F.unfold(image, patch_size, stride=patch_size).mT,
    "windows": windows,
}
WRONG = {
    "overlapping": lambda image, patch_size: F.unfold(image, patch_size, padding=patch_size // 2).mT,
    "columns and pixels": lambda image, p: rearrange(image, "b c (i y) (j x) -> b (j i) (c x y)", y=p, x=p),
    "wrong index": lambda image, p: (
        image.reshape(len(image), -1, image.shape[2] // p, p, image.shape[3] // p, p)
        .permute(0, 4, 2, 1, 3, 5)
        .flatten(3)
        .flatten(1, 2)
    ),
    "bottom up": lambda image, p: reshape(image.flip(2), p),
    "patch size 16": lambda image, patch_size: reshape(image, 16),
    "averaged": lambda image, p: F.avg_pool2d(image, p).flatten(2).mT.repeat(1, 1, p * p),
    "images as tokens": lambda image, p: reshape(image, p).flatten(0, 1)[None],
    "single": lambda image, p: reshape(image.float(), p).to(image.dtype),
    "normalised": lambda image, p: reshape(image, p) - reshape(image, p).mean(-1, keepdim=True),
}
SIBLING_CORRECT = {
    "einops": lambda image, p: rearrange(image, "b c (h y) (w x) -> b (h w) (y x c)", y=p, x=p),
    "reorder": lambda image, p: reshape(image, p).unflatten(2, (image.shape[1], -1)).mT.flatten(2),
    "permuted first": lambda image, p: torch.cat(
        [
            image.permute(0, 2, 3, 1)[:, i : i + p, j : j + p].reshape(len(image), 1, -1)
            for i in range(0, image.shape[2], p)
            for j in range(0, image.shape[3], p)
        ],
        1,
    ),
}
SIBLING_WRONG = {
    "reshape": lambda image, p: image.permute(0, 2, 3, 1).reshape(len(image), -1, image.shape[1] * p * p),
    "channels in the middle": lambda image, p: rearrange(
        image, "b c (h y) (w x) -> b (h w) (y c x)", y=p, x=p
    ),
    "columns": lambda image, p: rearrange(image, "b c (h y) (w x) -> b (w h) (x y c)", y=p, x=p),
}
