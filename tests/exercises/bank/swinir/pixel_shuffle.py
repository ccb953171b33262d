"""Answers as students write them."""

import einops
import torch
import torch.nn.functional as F


def reshape(x, s):
    b, c, h, w = x.shape
    return x.reshape(b, c // s**2, s, s, h, w).permute(0, 1, 4, 2, 5, 3).reshape(b, c // s**2, h * s, w * s)


def slices(x, s):
    b, c, h, w = x.shape
    out = torch.empty(b, c // s**2, h * s, w * s, dtype=x.dtype)
    for k in range(s * s):
        out[:, :, k // s :: s, k % s :: s] = x[:, k :: s * s]
    return out


def transposed_convolution(x, s):
    c = x.shape[1] // s**2
    weight = torch.eye(s * s, dtype=x.dtype).reshape(s * s, 1, s, s).repeat(c, 1, 1, 1)
    return F.conv_transpose2d(x, weight, stride=s, groups=c)


CORRECT = {
    "reshape": reshape,
    "slices": slices,
    "einops": lambda x, s: einops.rearrange(x, "b (c i j) h w -> b c (h i) (w j)", i=s, j=s),
    "torch": F.pixel_shuffle,
    "transposed convolution": transposed_convolution,
}
WRONG = {
    "transposed": lambda x, s: F.pixel_shuffle(x, s).mT,
    "unshuffle": F.pixel_unshuffle,
    "scale 2": lambda x, s: F.pixel_shuffle(x, 2),
    "channel middle": lambda x, s: einops.rearrange(x, "b (i c j) h w -> b c (h i) (w j)", i=s, j=s),
    "in place": lambda x, s: F.pixel_shuffle(x.mul_(2), s) / 2,
    "single": lambda x, s: reshape(x.float(), s).to(x.dtype),
}
SIBLING_CORRECT = {
    "einops": lambda x, s: einops.rearrange(x, "b c (h i) (w j) -> b (c i j) h w", i=s, j=s),
    "torch": F.pixel_unshuffle,
    "unfold": lambda x, s: F.unfold(x, s, stride=s).unflatten(2, (x.shape[2] // s, x.shape[3] // s)),
}
SIBLING_WRONG = {
    "blocks": lambda x, s: einops.rearrange(x, "b c (i h) (j w) -> b (c i j) h w", i=s, j=s),
    "shuffle": F.pixel_shuffle,
    "average": lambda x, s: F.avg_pool2d(x, s).repeat_interleave(s * s, 1),
}
