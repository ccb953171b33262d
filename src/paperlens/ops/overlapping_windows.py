"""Windows that overlap: every window of a map with a margin of its neighbours, zeros beyond the map.

Chen et al., "Activating More Pixels in Image Super-Resolution Transformer", CVPR 2023,
arXiv:2205.04437v3, Sec. 3.2, Eq. 3.
"""

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F


def to_overlapping_windows(
    features: Float[Tensor, "b h w c"], window_size: int, key_size: int
) -> Float[Tensor, "bw n c"]:
    """For each window the key_size squared tokens around its middle, in the windows' order.

    Raises ValueError where the window does not divide a side, or the two sizes differ by an odd number.
    """
    for name, side in (("height", features.shape[1]), ("width", features.shape[2])):
        if side % window_size:
            raise ValueError(f"window_size {window_size} does not divide {name} {side}; pad with ops.pad_to")
    margin, odd = divmod(key_size - window_size, 2)
    if odd or margin < 0:
        raise ValueError(f"key_size {key_size} must exceed window_size {window_size} by an even number")
    padded = F.pad(features, (0, 0, margin, margin, margin, margin))
    views = padded.unfold(1, key_size, window_size).unfold(2, key_size, window_size)
    return rearrange(views, "b i j c p q -> (b i j) (p q) c")


def overlapping_position_index(window_size: int, key_size: int) -> Int[Tensor, "n m"]:
    """For each query and key the row of the bias table that holds their relative position.

    The table has (window_size + key_size - 1)^2 rows. Published so: the offset window_size - key_size + 1
    makes most rows negative, which counts them from the end. That relabels the rows one to one.
    """
    query, key = (
        torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")).flatten(1)
        for side in (window_size, key_size)
    )
    span = window_size + key_size - 1
    offset = key[:, None, :] - query[:, :, None] + window_size - key_size + 1  # 2 n m
    return (offset[0] * span + offset[1]) % span**2
