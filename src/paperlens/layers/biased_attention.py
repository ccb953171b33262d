"""Attention with a bias added to its logits, in the form that is fastest where it runs."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def biased_attention(
    q: Float[Tensor, "bw heads n d"],
    k: Float[Tensor, "bw heads m d"],
    v: Float[Tensor, "bw heads m d"],
    bias: Float[Tensor, "w heads n m"],
) -> Float[Tensor, "bw heads n d"]:
    """softmax(q k^T / sqrt(d) + bias) v; a bias of w windows is repeated for the bw / w pictures of the batch."""
    if q.device.type == "cpu" and torch.is_grad_enabled() and bias.requires_grad:
        # torch's fused kernel for processors takes no bias that learns; its fallback passes five times over the
        # logits to look for rows without a key, of which there are none here.
        return plain_biased_attention(q, k, v, bias)
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
    logits += bias  # in place: the logits are the largest tensor of a block, and no gradient needs them without bias
    return rearrange(logits.softmax(dim=-1), "b w heads n m -> (b w) heads n m") @ v
