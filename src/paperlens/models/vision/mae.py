"""MAE, fine-tuning: the encoder of a masked autoencoder becomes a classifier.

He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022, arXiv:2111.06377.

Input    RGB image, float, normalised by ImageNet's mean and std    b 3 image_size image_size
Output   class logits                                               b k

Symbols: see vit.py. Differs from ViT only behind the blocks: the mean of the patch tokens is normalised and
    classified, the class token is dropped there (Appendix A.1). Pre-training is mae_pretrain.py, and `from_pretrained`
    takes its encoder over.
Departures: none in the forward pass; stochastic depth is left out.
Published size: 86M for ViT-B; counted 86,567,656, as ViT-B/16.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.encoder_block import EncoderBlock
from paperlens.layers.initialise import truncated_normal
from paperlens.models.vision.mae_pretrain import MAEPretrain
from paperlens.ops.check import check_channels, check_size
from paperlens.ops.positions import sinusoids_2d


@dataclass(frozen=True, slots=True, kw_only=True)
class MAEConfig:
    """The defaults are ViT-B/16."""

    image_size: int = 224
    patch_size: int = 16
    in_channels: int = 3
    num_classes: int = 1000
    dim: int = 768
    depth: int = 12
    num_heads: int = 12
    mlp_ratio: float = 4.0


class MAE(nn.Module):
    """Patches, a class token, positions, pre-norm blocks; a norm and a head on the mean of the patches."""

    def __init__(self, config: MAEConfig) -> None:
        super().__init__()
        self.config = config
        if config.image_size % config.patch_size:
            raise ValueError(f"patch_size {config.patch_size} does not divide image_size {config.image_size}")
        count = config.image_size // config.patch_size
        self.patch_projection = nn.Conv2d(
            config.in_channels, config.dim, config.patch_size, stride=config.patch_size
        )
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.dim))
        codes = torch.cat([torch.zeros(1, config.dim), sinusoids_2d(count, count, config.dim)])
        self.pos_embed = nn.Parameter(rearrange(codes, "n d -> 1 n d"))  # trained here
        self.blocks = nn.Sequential(
            *(EncoderBlock(config.dim, config.num_heads, config.mlp_ratio) for _ in range(config.depth))
        )
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        self.head = nn.Linear(config.dim, config.num_classes)
        self.apply(truncated_normal)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Logits; ValueError for an image that is not image_size squared or has other channels."""
        check_channels(image, self.config.in_channels)
        check_size(image, self.config.image_size, self.config.image_size)
        tokens = rearrange(self.patch_projection(image), "b d h w -> b (h w) d")
        cls = repeat(self.cls_token, "1 1 d -> b 1 d", b=len(image))
        z = self.blocks(torch.cat([cls, tokens], dim=1) + self.pos_embed)
        return self.head(self.norm(z[:, 1:].mean(dim=1)))

    def from_pretrained(self, autoencoder: MAEPretrain) -> "MAE":
        """This model with the encoder of `autoencoder`, copied; its norm and head start anew.

        Raises ValueError where one field of both configurations differs.
        """
        for name in ("image_size", "patch_size", "in_channels", "dim", "depth", "num_heads", "mlp_ratio"):
            theirs, ours = getattr(autoencoder.config, name), getattr(self.config, name)
            if theirs != ours:
                raise ValueError(f"{name} of the autoencoder is {theirs}, of this classifier {ours}")
        with torch.no_grad():
            for name in ("patch_projection", "blocks"):
                getattr(self, name).load_state_dict(getattr(autoencoder, name).state_dict())
            self.cls_token.copy_(autoencoder.cls_token)
            self.pos_embed.copy_(autoencoder.pos_embed)
        return self


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = MAE, MAEConfig
PRESETS: Mapping[str, MAEConfig] = {
    "b16": MAEConfig(),
    "tiny": MAEConfig(image_size=32, patch_size=8, num_classes=10, dim=32, depth=2, num_heads=2),
}
PARAMETERS: Mapping[str, int] = {"b16": 86_567_656, "tiny": 32_554}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {"b16": ((1, 3, 224, 224), 17.5638)}
PUBLISHED_SIZES = {"b16": ("86M", "unverified")}
ORIGIN, LICENCE = "facebookresearch/mae", "CC-BY-NC-4.0"
NOT_A_PICTURE = "a picture of fixed size and gives classes, not a picture"
BAD = [
    ({"patch_size": 5}, (5, 32)),
    ({"shape": (1, 3, 32, 36)}, (32, 36)),
    ({"shape": (1, 1, 32, 32)}, (1, 3)),
]


def example(config: MAEConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Normalised images; the positions fit one size only."""
    return (torch.rand(batch, config.in_channels, config.image_size, config.image_size) * 2 - 1,)


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^patch_projection\.", "patch_embed.proj."),
    (r"^norm\.", "fc_norm."),
    (r"\.attention\.qkv\.", ".attn.qkv."),
    (r"\.attention\.projection\.", ".attn.proj."),
    (r"\.mlp\.expand\.", ".mlp.fc1."),
    (r"\.mlp\.contract\.", ".mlp.fc2."),
)
