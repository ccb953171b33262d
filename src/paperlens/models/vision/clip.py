"""CLIP: pictures and sentences in one space.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021, arXiv:2103.00020.

Input    RGB images, float, normalised by the authors' mean and std;    b 3 image_size image_size
         token sequences, integers, padded with 0                      m max_length
Output   scaled cosines of every image with every text, and turned      b m  and  m b

Symbols (Fig. 3 -> code)
    W_i, W_t  projections      image_projection, text_projection      d_e  embed_dim
    t  log temperature         logit_scale                            I_e, T_e  encode_image, encode_text
Only the forms with a ViT; the ResNet forms are left out.
Departures: none. The paper keeps exp(t) below 100 (Sec. 2.5); the published code does so nowhere.
Quirks: GELU is x sigmoid(1.702 x). A text's feature is taken at its largest token, which is the end of text. The
    published weights are half precision.
Published size: none printed for the whole; counted 151,277,313 (B/32) and 149,620,737 (B/16), all live.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange, reduce, repeat
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.mlp import Mlp, quick_gelu
from paperlens.ops.check import check_channels, check_size


@dataclass(frozen=True, slots=True, kw_only=True)
class CLIPConfig:
    """One row of the hyperparameters (Appendix F); the defaults are ViT-B/32."""

    embed_dim: int = 512
    image_size: int = 224
    patch_size: int = 32
    in_channels: int = 3
    image_dim: int = 768
    image_depth: int = 12
    image_num_heads: int = 12
    vocabulary: int = 49_408
    max_length: int = 77
    text_dim: int = 512
    text_depth: int = 12
    text_num_heads: int = 8


class CLIP(nn.Module):
    """Two encoders, two projections, one temperature (Fig. 3)."""

    def __init__(self, config: CLIPConfig) -> None:
        super().__init__()
        self.config = config
        self.image_encoder = ImageEncoder(config)
        self.text_encoder = TextEncoder(config)
        self.image_projection = nn.Parameter(torch.empty(config.image_dim, config.embed_dim))
        self.text_projection = nn.Parameter(torch.empty(config.text_dim, config.embed_dim))
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))  # Sec. 2.5
        nn.init.normal_(self.image_projection, std=config.image_dim**-0.5)
        nn.init.normal_(self.text_projection, std=config.text_dim**-0.5)

    def forward(
        self, image: Float[Tensor, "b c h w"], text: Int[Tensor, "m n"]
    ) -> tuple[Float[Tensor, "b m"], Float[Tensor, "m b"]]:
        """Logits of a text for each image and of an image for each text; ValueError for other sizes."""
        logits = self.logit_scale.exp() * self.encode_image(image) @ self.encode_text(text).mT
        return logits, logits.mT

    def encode_image(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b e"]:
        """I_e, of length 1."""
        return F.normalize(self.image_encoder(image) @ self.image_projection, dim=-1)

    def encode_text(self, text: Int[Tensor, "m n"]) -> Float[Tensor, "m e"]:
        """T_e, of length 1."""
        return F.normalize(self.text_encoder(text) @ self.text_projection, dim=-1)


class ImageEncoder(nn.Module):
    """A ViT with a norm before its blocks (Sec. 2.4) and no head."""

    def __init__(self, config: CLIPConfig) -> None:
        super().__init__()
        if config.image_size % config.patch_size:
            raise ValueError(f"patch_size {config.patch_size} does not divide image_size {config.image_size}")
        self.in_channels, self.image_size, dim = config.in_channels, config.image_size, config.image_dim
        tokens = (config.image_size // config.patch_size) ** 2 + 1
        self.patch_projection = nn.Conv2d(
            config.in_channels, dim, config.patch_size, stride=config.patch_size, bias=False
        )
        self.cls_token = nn.Parameter(dim**-0.5 * torch.randn(dim))
        self.pos_embed = nn.Parameter(dim**-0.5 * torch.randn(tokens, dim))
        self.norm_before = nn.LayerNorm(dim)
        self.blocks = nn.ModuleList(Block(dim, config.image_num_heads) for _ in range(config.image_depth))
        self.norm = nn.LayerNorm(dim)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        """The class token's feature."""
        check_channels(image, self.in_channels)
        check_size(image, self.image_size, self.image_size)
        tokens = rearrange(self.patch_projection(image), "b d h w -> b (h w) d")
        cls = repeat(self.cls_token, "d -> b 1 d", b=len(image))
        z = self.norm_before(torch.cat([cls, tokens], dim=1) + self.pos_embed)
        for block in self.blocks:
            z = block(z, causal=False)
        return self.norm(z[:, 0])


class TextEncoder(nn.Module):
    """A Transformer that reads from left to right (Sec. 2.4)."""

    def __init__(self, config: CLIPConfig) -> None:
        super().__init__()
        self.max_length, dim = config.max_length, config.text_dim
        self.token_embedding = nn.Embedding(config.vocabulary, dim)
        self.pos_embed = nn.Parameter(0.01 * torch.randn(config.max_length, dim))
        self.blocks = nn.ModuleList(Block(dim, config.text_num_heads) for _ in range(config.text_depth))
        self.norm = nn.LayerNorm(dim)
        nn.init.normal_(self.token_embedding.weight, std=0.02)

    def forward(self, text: Int[Tensor, "m n"]) -> Float[Tensor, "m d"]:
        """The feature at each text's largest token, its end."""
        if text.shape[1] != self.max_length:
            raise ValueError(f"texts of {text.shape[1]} tokens, this model takes {self.max_length}")
        z = self.token_embedding(text) + self.pos_embed
        for block in self.blocks:
            z = block(z, causal=True)
        end = repeat(text.argmax(dim=1), "m -> m 1 d", d=z.shape[2])
        return self.norm(rearrange(z.gather(1, end), "m 1 d -> m d"))


class Block(nn.Module):
    """The pre-norm block of both encoders: differs from layers/encoder_block.py in GELU, eps and the causal mask."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"num_heads {num_heads} does not divide dim {dim}")
        self.num_heads = num_heads
        self.norm1 = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.projection = nn.Linear(dim, dim)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, 4 * dim, quick_gelu)

    def forward(self, z: Float[Tensor, "b n d"], *, causal: bool) -> Float[Tensor, "b n d"]:
        """The sequence keeps its shape; `causal`: no token sees what follows it."""
        q, k, v = rearrange(
            self.qkv(self.norm1(z)),
            "b n (three heads d) -> three b heads n d",
            three=3,
            heads=self.num_heads,
        )
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        z = z + self.projection(rearrange(attended, "b heads n d -> b n (heads d)"))
        return z + self.mlp(self.norm2(z))


def classifier(model: CLIP, prompts: Int[Tensor, "k p n"]) -> Float[Tensor, "k e"]:
    """A text feature for each of k classes: the normalised mean over its p prompts (Sec. 3.1.4)."""
    features = model.encode_text(rearrange(prompts, "k p n -> (k p) n"))
    return F.normalize(reduce(features, "(k p) e -> k e", "mean", k=len(prompts)), dim=-1)


def score(
    model: CLIP, image: Float[Tensor, "b c h w"], classes: Float[Tensor, "k e"]
) -> Float[Tensor, "b k"]:
    """The probability of each class of `classifier` for each image, which was trained on none of them (Sec. 3.1.2)."""
    return (model.logit_scale.exp() * model.encode_image(image) @ classes.mT).softmax(dim=-1)


def contrastive_loss(per_image: Float[Tensor, "b b"], per_text: Float[Tensor, "b b"]) -> Float[Tensor, ""]:
    """The mean cross-entropy of finding each image's text and each text's image in the batch (Fig. 3)."""
    pairs = torch.arange(len(per_image), device=per_image.device)
    return (F.cross_entropy(per_image, pairs) + F.cross_entropy(per_text, pairs)) / 2


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = CLIP, CLIPConfig
PRESETS: Mapping[str, CLIPConfig] = {
    "vit_b32": CLIPConfig(),
    "vit_b16": CLIPConfig(patch_size=16),
    "tiny": CLIPConfig(
        embed_dim=16,
        image_size=32,
        patch_size=8,
        image_dim=32,
        image_depth=2,
        image_num_heads=2,
        vocabulary=60,
        max_length=9,
        text_dim=24,
        text_depth=2,
        text_num_heads=2,
    ),
}
PARAMETERS: Mapping[str, int] = {"vit_b32": 151_277_313, "vit_b16": 149_620_737, "tiny": 49_305}
# Shapes of image and text, multiply-accumulates in G, attention's products included.
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "vit_b32": (((1, 3, 224, 224), (1, 77)), 7.3886),
    "vit_b16": (((1, 3, 224, 224), (1, 77)), 20.5432),
}
ORIGIN, LICENCE = "openai/CLIP", "MIT"
NOT_A_PICTURE = "pictures and sentences, and gives scores"
BAD = [({"patch_size": 5}, (5, 32)), ({"image_num_heads": 5}, (5, 32)), ({"text_num_heads": 7}, (7, 24))]
MIXES_BATCH = True  # every image is compared with every text


def example(config: CLIPConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, Tensor]:
    """Normalised images and texts of different lengths, another number of these."""
    image = torch.rand(batch, config.in_channels, config.image_size, config.image_size) * 2 - 1
    text = torch.randint(config.vocabulary - 1, (batch + step, config.max_length))
    length = torch.arange(len(text)) % (config.max_length - 2) + 1
    text[torch.arange(len(text)), length] = config.vocabulary - 1
    return image, text


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^image_projection$", "visual.proj"),
    (r"^image_encoder\.patch_projection\.", "visual.conv1."),
    (r"^image_encoder\.cls_token$", "visual.class_embedding"),
    (r"^image_encoder\.pos_embed$", "visual.positional_embedding"),
    (r"^image_encoder\.norm_before\.", "visual.ln_pre."),
    (r"^image_encoder\.norm\.", "visual.ln_post."),
    (r"^image_encoder\.blocks\.", "visual.transformer.resblocks."),
    (r"^text_encoder\.pos_embed$", "positional_embedding"),
    (r"^text_encoder\.norm\.", "ln_final."),
    (r"^text_encoder\.blocks\.", "transformer.resblocks."),
    (r"^text_encoder\.", ""),
    (r"\.norm([12])\.", r".ln_\1."),
    (r"\.qkv\.", ".attn.in_proj_"),
    (r"\.projection\.", ".attn.out_proj."),
    (r"\.mlp\.expand\.", ".mlp.c_fc."),
    (r"\.mlp\.contract\.", ".mlp.c_proj."),
)
PUBLISHED_BUFFERS = ("input_resolution", "context_length", "vocab_size")
GOLDENS: Mapping[str, CLIPConfig] = {"clip_vit_b32": PRESETS["vit_b32"]}
HEAVY = ("clip_vit_b32",)
FLOAT32 = ("clip_vit_b32",)
