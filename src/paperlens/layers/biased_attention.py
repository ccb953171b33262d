"""Attention with a bias added to its logits, in the form that is fastest where it runs."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

CHUNK = 16  # windows whose logits stay in a processor's cache
SMALL = 1024  # keys times channels of a head: above, torch's fused kernel is up to three times faster


def biased_attention(
    q: Float[Tensor, "bw heads n d"],
    k: Float[Tensor, "bw heads m d"],
    v: Float[Tensor, "bw heads m d"],
    bias: Float[Tensor, "w heads n m"],
) -> Float[Tensor, "bw heads n d"]:
    """softmax(q k^T / sqrt(d) + bias) v; a bias of w windows is repeated for the bw / w pictures of the batch."""
    if q.device.type == "cpu" and not torch.compiler.is_compiling():
        # torch's fused kernel for processors takes no bias that learns, and is slow for few keys of few channels.
        if torch.is_grad_enabled():
            return plain_biased_attention(q, k, v, bias)
        if k.shape[2] * k.shape[3] <= SMALL:
            return _in_chunks(q, k, v, bias)
    repeated = bias if len(bias) == 1 else bias.repeat(len(q) // len(bias), 1, 1, 1)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=repeated)


def plain_biased_attention(
    q: Float[Tensor, "bw heads n d"],
    k: Float[Tensor, "bw heads m d"],
    v: Float[Tensor, "bw heads m d"],
    bias: Float[Tensor, "w heads n m"],
) -> Float[Tensor, "bw heads n d"]:
    """The same, one step a line."""
    logits = (q * q.shape[-1] ** -0.5) @ rearrange(k, "b heads m d -> b heads d m")
    logits = rearrange(logits, "(b w) heads n m -> b w heads n m", w=len(bias))
    logits += (
        bias  # in place: the logits are a block's largest tensor, and no gradient needs them without bias
    )
    weights = rearrange(logits.softmax(dim=-1), "b w heads n m -> (b w) heads m n")
    # (v^T weights^T)^T: the product whose long side is the tokens, not the few channels of a head.
    attended = rearrange(v, "b heads m d -> b heads d m") @ weights
    return rearrange(attended, "b heads d n -> b heads n d")


def _in_chunks(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """Without gradients: a few windows at a time, no chunk across two pictures where windows differ in bias."""
    windows = len(q) if len(bias) == 1 else len(bias)
    parts = []
    for picture in range(0, len(q), windows):
        for first in range(0, windows, CHUNK):
            rows = slice(picture + first, picture + min(first + CHUNK, windows))
            own = bias if len(bias) == 1 else bias[first : first + CHUNK]
            parts.append(plain_biased_attention(q[rows], k[rows], v[rows], own))
    return torch.cat(parts)
