"""Transformer: sequences translated with attention alone.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762.

Input    source tokens and target tokens so far, integers    b n  and  b m
Output   log-probability of every next target token          b m k

Symbols (paper -> code)
    d_model  width            dim            h    heads          num_heads
    d_ff     inner width      hidden_dim     N    layers         depth
Two forms: `base` and `big` are the paper's (post-norm, one embedding for source, target and output; Sec.
    3.4). `annotated_base` is the Annotated Transformer, of which a reference with weights exists: its norm
    comes first and once more after each stack, divides by the unbiased standard deviation plus eps, and its
    embeddings are separate.
Departures: dropout is left out. The paper does not say whether the projections of attention have biases; its
    own code (tensor2tensor) has none, so they are the option `attention_bias`.
Published size: 65M base, 213M big (Table 3). Counted 63,045,632 and 214,171,648 with the 37,000 tokens of
    English-German, 63,082,496 and 214,245,376 with biases: base lies 3% below, which a vocabulary of 40,800
    would explain; the text says "about 37000". The annotated form counts 101,009,544. All live.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.attention import Attention
from paperlens.ops.positions import sinusoids


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerConfig:
    """One row of Table 3; the defaults are the base model."""

    source_vocabulary: int = 37_000
    target_vocabulary: int = 37_000
    dim: int = 512
    hidden_dim: int = 2048
    num_heads: int = 8
    depth: int = 6
    max_length: int = 5000
    attention_bias: bool = False
    annotated: bool = False


class Transformer(nn.Module):
    """Embedding and positions, a stack of encoder layers, a stack of decoder layers, softmax (Fig. 1)."""

    positions: Tensor

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        tied = not config.annotated
        words = (config.source_vocabulary, config.target_vocabulary)
        if tied and words[0] != words[1]:
            raise ValueError(
                f"one embedding serves vocabularies of one size, not of {words[0]} and {words[1]}"
            )
        self.source_embedding = nn.Embedding(words[0], config.dim)
        self.target_embedding = self.source_embedding if tied else nn.Embedding(words[1], config.dim)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.depth))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.depth))
        self.encoder_norm = UnbiasedNorm(config.dim) if config.annotated else nn.Identity()
        self.decoder_norm = UnbiasedNorm(config.dim) if config.annotated else nn.Identity()
        self.generator = nn.Linear(config.dim, config.target_vocabulary, bias=not tied)
        self.generator.weight = self.target_embedding.weight if tied else self.generator.weight
        self.register_buffer("positions", sinusoids(config.max_length, config.dim), persistent=False)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(
        self,
        source: Int[Tensor, "b n"],
        target: Int[Tensor, "b m"],
        source_mask: Bool[Tensor, "b n"] | None = None,
    ) -> Float[Tensor, "b m k"]:
        """Log-probabilities; `source_mask` is True at tokens and False at padding."""
        return self.decode(self.encode(source, source_mask), target, source_mask)

    def encode(
        self, source: Int[Tensor, "b n"], source_mask: Bool[Tensor, "b n"] | None = None
    ) -> Float[Tensor, "b n d"]:
        """The memory that the decoder attends to."""
        z = self._embed(self.source_embedding, source)
        mask = None if source_mask is None else rearrange(source_mask, "b n -> b 1 1 n")
        for layer in self.encoder:
            z = layer(z, mask)
        return self.encoder_norm(z)

    def decode(
        self,
        memory: Float[Tensor, "b n d"],
        target: Int[Tensor, "b m"],
        source_mask: Bool[Tensor, "b n"] | None = None,
    ) -> Float[Tensor, "b m k"]:
        """Log-probabilities of the token after each target token, which does not see what follows it."""
        z = self._embed(self.target_embedding, target)
        mask = None if source_mask is None else rearrange(source_mask, "b n -> b 1 1 n")
        for layer in self.decoder:
            z = layer(z, memory, mask)
        return F.log_softmax(self.generator(self.decoder_norm(z)), dim=-1)

    def _embed(self, embedding: nn.Module, tokens: Tensor) -> Tensor:
        if tokens.shape[1] > self.config.max_length:
            raise ValueError(
                f"a sequence of {tokens.shape[1]} tokens exceeds max_length {self.config.max_length}"
            )
        return (
            embedding(tokens) * math.sqrt(self.config.dim) + self.positions[: tokens.shape[1]]
        )  # Secs. 3.4, 3.5


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward network, each with a residual and a norm (Sec. 3.1)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention = Attention(config.dim, config.num_heads, bias=config.attention_bias)
        self.feed_forward = feed_forward(config.dim, config.hidden_dim)
        self.residuals = nn.ModuleList(Residual(config) for _ in range(2))

    def forward(
        self, z: Float[Tensor, "b n d"], mask: Bool[Tensor, "b 1 1 n"] | None
    ) -> Float[Tensor, "b n d"]:
        """`mask` is True where a key may be attended to."""
        z = self.residuals[0](z, lambda x: self.attention(x, x, mask=mask))
        return self.residuals[1](z, self.feed_forward)


class DecoderLayer(nn.Module):
    """As the encoder's, with attention to the memory in between (Sec. 3.1)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention = Attention(config.dim, config.num_heads, bias=config.attention_bias)
        self.memory_attention = Attention(config.dim, config.num_heads, bias=config.attention_bias)
        self.feed_forward = feed_forward(config.dim, config.hidden_dim)
        self.residuals = nn.ModuleList(Residual(config) for _ in range(3))

    def forward(
        self,
        z: Float[Tensor, "b m d"],
        memory: Float[Tensor, "b n d"],
        mask: Bool[Tensor, "b 1 1 n"] | None,
    ) -> Float[Tensor, "b m d"]:
        """`mask` belongs to the memory."""
        z = self.residuals[0](z, lambda x: self.attention(x, x, causal=True))
        z = self.residuals[1](z, lambda x: self.memory_attention(x, memory, mask=mask))
        return self.residuals[2](z, self.feed_forward)


def feed_forward(dim: int, hidden_dim: int) -> nn.Sequential:
    """max(0, x W1 + b1) W2 + b2 (Eq. 2)."""
    return nn.Sequential(nn.Linear(dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, dim))


class Residual(nn.Module):
    """The paper's LayerNorm(x + Sublayer(x)) (Sec. 3.1), or the annotated form's x + Sublayer(Norm(x))."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm_first = config.annotated
        self.norm = UnbiasedNorm(config.dim) if config.annotated else nn.LayerNorm(config.dim)

    def forward(
        self, z: Float[Tensor, "b n d"], sublayer: Callable[[Tensor], Tensor]
    ) -> Float[Tensor, "b n d"]:
        """The shape stays."""
        return z + sublayer(self.norm(z)) if self.norm_first else self.norm(z + sublayer(z))


class UnbiasedNorm(nn.Module):
    """w (x - mean) / (s + eps) + b with s^2 divided by d - 1 and eps outside the root, unlike LayerNorm."""

    def __init__(self, dim: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = nn.Parameter(torch.ones(dim)), nn.Parameter(torch.zeros(dim)), eps

    def forward(self, z: Float[Tensor, "b n d"]) -> Float[Tensor, "b n d"]:
        """Token by token."""
        std, mean = torch.std_mean(z, dim=-1, keepdim=True)
        return self.weight * (z - mean) / (std + self.eps) + self.bias


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = Transformer, TransformerConfig
PRESETS: Mapping[str, TransformerConfig] = {
    "base": TransformerConfig(),
    "base_bias": TransformerConfig(attention_bias=True),
    "big": TransformerConfig(dim=1024, hidden_dim=4096, num_heads=16),
    "big_bias": TransformerConfig(dim=1024, hidden_dim=4096, num_heads=16, attention_bias=True),
    "annotated_base": TransformerConfig(annotated=True, attention_bias=True),
    "tiny": TransformerConfig(
        source_vocabulary=50,
        target_vocabulary=50,
        dim=32,
        hidden_dim=64,
        num_heads=4,
        depth=2,
        max_length=100,
    ),
}
PARAMETERS: Mapping[str, int] = {
    "base": 63_045_632,
    "base_bias": 63_082_496,
    "big": 214_171_648,
    "big_bias": 214_245_376,
    "annotated_base": 101_009_544,
    "tiny": 43_584,
}
# Multiply-accumulates in G for a source and a target of 64 tokens, attention's products included.
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "base": (((1, 64), (1, 64)), 4.1065),
    "big": (((1, 64), (1, 64)), 13.8501),
    "annotated_base": (((1, 64), (1, 64)), 4.1065),
}
PUBLISHED_SIZES = {
    "base": ("65M", "unverified"),
    "big": ("213M", "unverified"),
}
ORIGIN, LICENCE = "tensorflow/tensor2tensor", "Apache-2.0"
NOT_A_PICTURE = "sentences, not pictures"
BAD = [
    ({"target_vocabulary": 49}, (49, 50)),
    ({"num_heads": 5}, (5, 32)),
    ({"dim": 33, "num_heads": 3}, (33, 34)),
]


def example(config: TransformerConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, Tensor]:
    """Random tokens, source and target of different lengths."""
    n, m = ((12, 9), (7, 15), (20, 1))[step]
    words = min(config.source_vocabulary, config.target_vocabulary)
    return torch.randint(words, (batch, n)), torch.randint(words, (batch, m))


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^source_embedding\.", "src_embed.0.lut."),
    (r"^target_embedding\.", "tgt_embed.0.lut."),
    (r"norm\.weight$", "norm.a_2"),
    (r"norm\.bias$", "norm.b_2"),
    (r"^(en|de)coder_norm\.", r"\1coder.norm."),
    (r"^(en|de)coder\.(\d+)\.", r"\1coder.layers.\2."),
    (r"\.attention\.", ".self_attn."),
    (r"\.memory_attention\.", ".src_attn."),
    (r"_attn\.query\.", "_attn.linears.0."),
    (r"_attn\.key\.", "_attn.linears.1."),
    (r"_attn\.value\.", "_attn.linears.2."),
    (r"_attn\.output\.", "_attn.linears.3."),
    (r"\.feed_forward\.(\d)\.", lambda m: f".feed_forward.w_{int(m[1]) // 2 + 1}."),
    (r"\.residuals\.", ".sublayer."),
    (r"^generator\.", "generator.proj."),
)
PUBLISHED_BUFFERS = (r"(src|tgt)_embed\.1\.pe",)
GOLDENS: Mapping[str, TransformerConfig] = {"transformer_annotated_base": PRESETS["annotated_base"]}
