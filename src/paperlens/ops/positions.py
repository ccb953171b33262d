"""Fixed position codes.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762, Sec. 3.5.
"""

import math

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor


def sinusoids(length: int, dim: int) -> Float[Tensor, "n d"]:
    """PE[p, 2i] = sin(p / 10000^(2i/d)) and PE[p, 2i+1] = cos of the same, float32.

    Raises ValueError for an odd dim.
    """
    if dim % 2:
        raise ValueError(f"dim {dim} must be even: sines and cosines come in pairs, such as {dim + 1}")
    rate = torch.exp(torch.arange(0, dim, 2) * (-math.log(10000.0) / dim))
    angle = torch.arange(length)[:, None] * rate
    return rearrange([torch.sin(angle), torch.cos(angle)], "two n i -> n (i two)")
