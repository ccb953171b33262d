"""Attention between channels, for which every pixel counts: its cost grows with the pixels, not with their square.

Zamir et al., "Restormer: Efficient Transformer for High-Resolution Image Restoration", CVPR 2022, arXiv:2111.09881v2,
Eq. 1.
"""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn


class ChannelAttend(nn.Module):
    """softmax(alpha q k^T) v with q and k of unit length over the pixels; a module, so that tlc.py can replace it."""

    def __init__(self, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads

    def forward(
        self,
        q: Float[Tensor, "b c h w"],
        k: Float[Tensor, "b c h w"],
        v: Float[Tensor, "b c h w"],
        temperature: Float[Tensor, "heads 1 1"],
    ) -> Float[Tensor, "b c h w"]:
        """One weight for each pair of channels of a head."""
        height, width = v.shape[2:]
        # Pixels are rows, as they lie in memory. The products are divided by the lengths, not q and k beforehand;
        # plainly: v softmax(normalize(q)^T normalize(k) * temperature)^T.
        q, k, v = (
            rearrange(x, "b (heads c) h w -> b heads (h w) c", heads=self.num_heads) for x in (q, k, v)
        )
        lengths = rearrange(length(q), "b heads c -> b heads c 1") * rearrange(
            length(k), "b heads c -> b heads 1 c"
        )
        weights = (q.mT @ k * (temperature / lengths)).softmax(dim=-1)
        attended = rearrange(v @ weights.mT, "b heads (h w) c -> b h w (heads c)", h=height, w=width)
        return rearrange(attended, "b h w c -> b c h w")


def length(channels: Float[Tensor, "b heads n c"]) -> Float[Tensor, "b heads c"]:
    """Euclidean length of every channel over the pixels, never quite zero."""
    return (channels * channels).sum(dim=2).sqrt().clamp_min(1e-12)
