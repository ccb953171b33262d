"""Patches of a map as tokens, the entrance of every stage of a hierarchical transformer.

Liu et al., "Swin Transformer", ICCV 2021, arXiv:2103.14030, Sec. 3.1; with patches that overlap: Wu et al., "CvT:
Introducing Convolutions to Vision Transformers", ICCV 2021, arXiv:2103.15808, Sec. 3.1.
"""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn


class PatchEmbedding(nn.Module):
    """Every patch becomes one token: a convolution whose stride is the patch's side, and a norm.

    A kernel larger than the stride lets neighbouring patches overlap.
    """

    def __init__(
        self, in_channels: int, dim: int, patch_size: int, *, kernel_size: int | None = None, padding: int = 0
    ) -> None:
        super().__init__()
        self.projection = nn.Conv2d(
            in_channels, dim, kernel_size or patch_size, stride=patch_size, padding=padding
        )
        self.norm = nn.LayerNorm(dim)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b i j d"]:
        """Tokens on the grid of patches."""
        return self.norm(rearrange(self.projection(image), "b d h w -> b h w d"))
