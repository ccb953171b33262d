"""MAE, pre-training: three quarters of a picture are hidden, and a network paints them.

He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022, arXiv:2111.06377.

Input    RGB image, float, normalised by ImageNet's mean and std;    b 3 image_size image_size  and  b n
         noise for each patch, the smallest of which stay visible
Output   every patch's pixels, row, column, then colour; and where   b n p  and  b n
         a patch was hidden: 1, else 0

Symbols (paper -> code)
    masking ratio, 75%  mask_ratio      decoder width 512, depth 8   decoder_dim, decoder_depth
Departures: none in the forward pass. The authors draw the noise inside; here it is an input, `reconstruct` draws it.
Quirks: the positions are frozen parameters, stored and counted; the class token's are zero. The target's variance is
    the unbiased one.
Published size: none printed for this form; counted 111,907,840, of which 111,655,680 train. 9.78 G
    multiply-accumulates at 75%.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.encoder_block import EncoderBlock
from paperlens.ops.check import check_channels, check_size
from paperlens.ops.positions import sinusoids_2d


@dataclass(frozen=True, slots=True, kw_only=True)
class MAEPretrainConfig:
    """The defaults are ViT-B/16 with the decoder of Table 1."""

    image_size: int = 224
    patch_size: int = 16
    in_channels: int = 3
    dim: int = 768
    depth: int = 12
    num_heads: int = 12
    decoder_dim: int = 512
    decoder_depth: int = 8
    decoder_num_heads: int = 16
    mlp_ratio: float = 4.0
    mask_ratio: float = 0.75
    normalised_target: bool = False


class MAEPretrain(nn.Module):
    """An encoder of visible patches alone, a light decoder of all (Fig. 1)."""

    def __init__(self, config: MAEPretrainConfig) -> None:
        super().__init__()
        self.config = config
        if config.image_size % config.patch_size:
            raise ValueError(f"patch_size {config.patch_size} does not divide image_size {config.image_size}")
        self.patch_projection = nn.Conv2d(
            config.in_channels, config.dim, config.patch_size, stride=config.patch_size
        )
        self.cls_token = nn.Parameter(torch.empty(1, 1, config.dim))
        self.pos_embed = self._positions(config.dim)
        self.blocks = nn.Sequential(
            *(EncoderBlock(config.dim, config.num_heads, config.mlp_ratio) for _ in range(config.depth))
        )
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        self.decoder_embed = nn.Linear(config.dim, config.decoder_dim)
        self.mask_token = nn.Parameter(torch.empty(1, 1, config.decoder_dim))
        self.decoder_pos_embed = self._positions(config.decoder_dim)
        self.decoder_blocks = nn.Sequential(
            *(
                EncoderBlock(config.decoder_dim, config.decoder_num_heads, config.mlp_ratio)
                for _ in range(config.decoder_depth)
            )
        )
        self.decoder_norm = nn.LayerNorm(config.decoder_dim, eps=1e-6)
        self.to_pixels = nn.Linear(config.decoder_dim, config.in_channels * config.patch_size**2)
        self._initialise()

    def forward(
        self, image: Float[Tensor, "b c h w"], noise: Float[Tensor, "b n"]
    ) -> tuple[Float[Tensor, "b n p"], Float[Tensor, "b n"]]:
        """Every patch as the decoder paints it, and the mask; ValueError for an image or noise of another size."""
        check_channels(image, self.config.in_channels)
        check_size(image, self.config.image_size, self.config.image_size)
        if noise.shape[1] != self.pos_embed.shape[1] - 1:
            raise ValueError(f"noise for {noise.shape[1]} patches, not for {self.pos_embed.shape[1] - 1}")
        tokens = rearrange(self.patch_projection(image), "b d h w -> b (h w) d") + self.pos_embed[:, 1:]
        order = noise.argsort(dim=1)
        place = order.argsort(dim=1)  # of each patch in this order
        kept = int(noise.shape[1] * (1 - self.config.mask_ratio))
        z = self._encode(_taken(tokens, order[:, :kept]))
        z = self.decoder_embed(z)
        hidden = repeat(self.mask_token, "1 1 d -> b n d", b=len(z), n=noise.shape[1] - kept)
        restored = _taken(torch.cat([z[:, 1:], hidden], dim=1), place)
        z = torch.cat([z[:, :1], restored], dim=1) + self.decoder_pos_embed
        painted = self.to_pixels(self.decoder_norm(self.decoder_blocks(z)))[:, 1:]
        return painted, (place >= kept).to(image.dtype)

    def _encode(self, visible: Float[Tensor, "b m d"]) -> Float[Tensor, "b one_m d"]:
        """The class token and the visible patches."""
        cls = repeat(self.cls_token + self.pos_embed[:, :1], "1 1 d -> b 1 d", b=len(visible))
        return self.norm(self.blocks(torch.cat([cls, visible], dim=1)))

    def patches(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b n p"]:
        """The pixels of each patch in the order that the decoder paints them: row, column, colour."""
        side = self.config.patch_size
        return rearrange(image, "b c (h p) (w q) -> b (h w) (p q c)", p=side, q=side)

    def picture(self, patches: Float[Tensor, "b n p"]) -> Float[Tensor, "b c h w"]:
        """The inverse of `patches`."""
        side, count = self.config.patch_size, self.config.image_size // self.config.patch_size
        return rearrange(patches, "b (h w) (p q c) -> b c (h p) (w q)", h=count, w=count, p=side, q=side)

    def loss(
        self, image: Float[Tensor, "b c h w"], painted: Float[Tensor, "b n p"], mask: Float[Tensor, "b n"]
    ) -> Float[Tensor, ""]:
        """Mean squared error on hidden patches alone, against pixels or pixels normalised a patch (Sec. 3)."""
        target = self.patches(image)
        if self.config.normalised_target:
            variance, mean = torch.var_mean(target, dim=-1, keepdim=True)
            target = (target - mean) / (variance + 1e-6).sqrt()
        return ((painted - target).square().mean(dim=-1) * mask).sum() / mask.sum()

    def _positions(self, dim: int) -> nn.Parameter:
        count = self.config.image_size // self.config.patch_size
        codes = torch.cat([torch.zeros(1, dim), sinusoids_2d(count, count, dim)])
        return nn.Parameter(rearrange(codes, "n d -> 1 n d"), requires_grad=False)

    def _initialise(self) -> None:
        """Xavier for every linear map, the patches' one among them; tokens N(0, 0.02^2) (Appendix A.1)."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.xavier_uniform_(self.patch_projection.weight.flatten(1))
        for token in (self.cls_token, self.mask_token):
            nn.init.normal_(token, std=0.02)


def _taken(tokens: Float[Tensor, "b n d"], index: Tensor) -> Float[Tensor, "b m d"]:
    """Row index[b, m] of every sequence."""
    return tokens.gather(1, repeat(index, "b m -> b m d", d=tokens.shape[2]))


@torch.no_grad()
def reconstruct(
    model: MAEPretrain, image: Float[Tensor, "b c h w"], generator: torch.Generator | None = None
) -> tuple[Float[Tensor, "b c h w"], Float[Tensor, "b c h w"]]:
    """The picture with its hidden patches painted, and the mask as a picture: 1 where a pixel was hidden.

    Hidden patches are drawn by `generator`. A model that learned normalised targets paints with the mean and spread
    of the true patch (Fig. 2 shows such pictures).
    """
    patches = model.patches(image)
    noise = torch.rand(patches.shape[:2], generator=generator).to(image)
    painted, mask = model(image, noise)
    if model.config.normalised_target:
        variance, mean = torch.var_mean(patches, dim=-1, keepdim=True)
        painted = painted * (variance + 1e-6).sqrt() + mean
    hidden = rearrange(mask, "b n -> b n 1")
    return model.picture(hidden * painted + (1 - hidden) * patches), model.picture(hidden.expand_as(patches))


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = MAEPretrain, MAEPretrainConfig
PRESETS: Mapping[str, MAEPretrainConfig] = {
    "b16": MAEPretrainConfig(),
    "b16_normalised": MAEPretrainConfig(normalised_target=True),
    "tiny": MAEPretrainConfig(
        image_size=32,
        patch_size=8,
        dim=32,
        depth=2,
        num_heads=2,
        decoder_dim=24,
        decoder_depth=1,
        decoder_num_heads=2,
    ),
}
PARAMETERS: Mapping[str, int] = {"b16": 111_907_840, "b16_normalised": 111_907_840, "tiny": 45_520}
# Shapes of image and noise, multiply-accumulates in G.
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "b16": (((1, 3, 224, 224), (1, 196)), 9.7811)
}
ORIGIN, LICENCE = "facebookresearch/mae", "CC-BY-NC-4.0"
NOT_A_PICTURE = "a picture of fixed size and noise that says what to hide"
BAD = [({"patch_size": 5}, (5, 32)), ({"num_heads": 5}, (5, 32)), ({"dim": 30}, (4, 30))]


def example(config: MAEPretrainConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, Tensor]:
    """Normalised images and noise; the positions fit one size only."""
    image = torch.rand(batch, config.in_channels, config.image_size, config.image_size) * 2 - 1
    return image, torch.rand(batch, (config.image_size // config.patch_size) ** 2)


def run_published(model: MAEPretrain, image: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The authors' forward gives the loss first."""
    painted, mask = model(image, noise)
    return model.loss(image, painted, mask), painted, mask


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^patch_projection\.", "patch_embed.proj."),
    (r"^to_pixels\.", "decoder_pred."),
    (r"\.attention\.qkv\.", ".attn.qkv."),
    (r"\.attention\.projection\.", ".attn.proj."),
    (r"\.mlp\.expand\.", ".mlp.fc1."),
    (r"\.mlp\.contract\.", ".mlp.fc2."),
)
GOLDENS: Mapping[str, MAEPretrainConfig] = {"mae_vit_b_pretrain": PRESETS["b16"]}
HEAVY = ("mae_vit_b_pretrain",)
