"""Patches of feature maps: find the most alike, carry them over, lay them down again.

Yang et al., "Learning Texture Transformer Network for Image Super-Resolution", CVPR 2020, arXiv:2006.04139v2,
Sec. 3.1.
Patches are 3 x 3 tokens with their centre on every token, zero outside the map; on a map s times as large the same
patch is 3s x 3s and moves by s.
"""

import torch
from einops import rearrange, repeat
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

KERNEL = 3


def unfold(features: Float[Tensor, "b d h w"], scale: int = 1) -> Float[Tensor, "b p n"]:
    """Every patch as a column of d (3 scale)^2 values; n patches, one a token of the smallest map."""
    return F.unfold(features, KERNEL * scale, padding=scale, stride=scale)


def relevance(
    query: Float[Tensor, "b d h w"], key: Float[Tensor, "b d hk wk"]
) -> tuple[Float[Tensor, "b n"], Int[Tensor, "b n"]]:
    """Soft and hard attention: of each patch of `query` the cosine to its most alike patch of `key`, and its number."""
    unit = F.normalize(unfold(query), dim=1)
    cosine = F.normalize(unfold(key), dim=1).mT @ unit  # b nk n
    best, index = cosine.max(dim=1)
    return best, index


def transfer(
    value: Float[Tensor, "b d hv wv"],
    index: Int[Tensor, "b n"],
    size: tuple[int, int],
    scale: int = 1,
    *,
    exact: bool = False,
) -> Float[Tensor, "b d hs ws"]:
    """The patches of `value` with the numbers `index`, laid down in order on a map of `size` times `scale`.

    Overlaps are summed and divided by 9 everywhere, as published: at the border fewer patches overlap, and the map is
    too dark there. `exact` divides by the true count instead.
    """
    patches = unfold(value, scale)
    chosen = patches.gather(2, repeat(index, "b n -> b p n", p=patches.shape[1]))
    height, width = size[0] * scale, size[1] * scale
    summed = F.fold(chosen, (height, width), KERNEL * scale, padding=scale, stride=scale)
    return summed / (overlap_count(size, scale).to(summed) if exact else KERNEL**2)


def overlap_count(size: tuple[int, int], scale: int = 1) -> Float[Tensor, "hs ws"]:
    """How many patches cover each pixel: 9 inside, 6 at an edge, 4 in a corner."""
    height, width = (side * scale for side in size)
    ones = torch.ones(1, 1, height, width)
    covered = F.fold(unfold(ones, scale), (height, width), KERNEL * scale, padding=scale, stride=scale)
    return rearrange(covered, "1 1 h w -> h w")
