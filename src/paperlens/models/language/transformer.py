"""Transformer: sequences translated with attention alone.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762v7 (equations and sections of that).

Input    source tokens and target tokens so far, integers    b n  and  b m
Output   log-probability of every next target token          b m k

Symbols (paper -> code)
    d_model  width            dim            h    heads          num_heads
    d_ff     inner width      hidden_dim     N    layers         depth
Departures: dropout is left out. The paper does not say whether the projections of attention have biases; its
    own code (tensor2tensor) has none, so they are the option `attention_bias`.
A second reading of the paper, of which a reference with weights exists, is annotated_transformer.py.
Published size: 65M base, 213M big (Table 3). Counted 63,045,632 and 214,171,648 with the 37,000 tokens of
    English-German, 63,082,496 and 214,245,376 with biases: base lies 3% below, which a vocabulary of 40,800
    would explain; the text says "about 37000". All live.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.attention import Attention
from paperlens.ops.check import check_tokens
from paperlens.ops.positions import sinusoids


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerConfig:
    """One row of Table 3; the defaults are the base model."""

    vocabulary: int = 37_000  # one for source and target
    dim: int = 512
    hidden_dim: int = 2048
    num_heads: int = 8
    depth: int = 6
    max_length: int = 5000
    attention_bias: bool = False


class Transformer(nn.Module):
    """Embedding and positions, a stack of encoder layers, a stack of decoder layers, softmax (Fig. 1)."""

    positions: Tensor

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.dim)  # source, target and output (Sec. 3.4)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.depth))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.depth))
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
        z = embed(source, self.embedding, self.positions)
        for layer in self.encoder:
            z = layer(z, keys(source_mask))
        return z

    def decode(
        self,
        memory: Float[Tensor, "b n d"],
        target: Int[Tensor, "b m"],
        source_mask: Bool[Tensor, "b n"] | None = None,
    ) -> Float[Tensor, "b m k"]:
        """Log-probabilities of the token after each target token, which does not see what follows it."""
        z = embed(target, self.embedding, self.positions)
        for layer in self.decoder:
            z = layer(z, memory, keys(source_mask))
        return F.log_softmax(F.linear(z, self.embedding.weight), dim=-1)


class EncoderLayer(nn.Module):
    """LayerNorm(x + Sublayer(x)) for self-attention and for a feed-forward network (Sec. 3.1)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention = Attention(config.dim, config.num_heads, bias=config.attention_bias)
        self.norm1 = nn.LayerNorm(config.dim)
        self.feed_forward = feed_forward(config.dim, config.hidden_dim)
        self.norm2 = nn.LayerNorm(config.dim)

    def forward(
        self, z: Float[Tensor, "b n d"], mask: Bool[Tensor, "b 1 1 n"] | None
    ) -> Float[Tensor, "b n d"]:
        """`mask` is True where a key may be attended to."""
        z = self.norm1(z + self.attention(z, z, mask=mask))
        return self.norm2(z + self.feed_forward(z))


class DecoderLayer(nn.Module):
    """As the encoder's, with attention to the memory in between (Sec. 3.1)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention = Attention(config.dim, config.num_heads, bias=config.attention_bias)
        self.norm1 = nn.LayerNorm(config.dim)
        self.memory_attention = Attention(config.dim, config.num_heads, bias=config.attention_bias)
        self.norm2 = nn.LayerNorm(config.dim)
        self.feed_forward = feed_forward(config.dim, config.hidden_dim)
        self.norm3 = nn.LayerNorm(config.dim)

    def forward(
        self,
        z: Float[Tensor, "b m d"],
        memory: Float[Tensor, "b n d"],
        mask: Bool[Tensor, "b 1 1 n"] | None,
    ) -> Float[Tensor, "b m d"]:
        """`mask` belongs to the memory."""
        z = self.norm1(z + self.attention(z, z, causal=True))
        z = self.norm2(z + self.memory_attention(z, memory, mask=mask))
        return self.norm3(z + self.feed_forward(z))


def feed_forward(dim: int, hidden_dim: int) -> nn.Sequential:
    """max(0, x W1 + b1) W2 + b2 (Eq. 2)."""
    return nn.Sequential(nn.Linear(dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, dim))


def embed(
    tokens: Int[Tensor, "b n"], embedding: nn.Embedding, positions: Float[Tensor, "length d"]
) -> Float[Tensor, "b n d"]:
    """Embedding times sqrt(d_model) plus position (Secs. 3.4, 3.5); ValueError for more tokens than positions."""
    check_tokens(tokens, len(positions))
    return embedding(tokens) * math.sqrt(embedding.embedding_dim) + positions[: tokens.shape[1]]


def keys(mask: Bool[Tensor, "b n"] | None) -> Bool[Tensor, "b 1 1 n"] | None:
    """A mask of tokens as one of keys, the same for all heads and queries."""
    return None if mask is None else rearrange(mask, "b n -> b 1 1 n")


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = Transformer, TransformerConfig
PRESETS: Mapping[str, TransformerConfig] = {
    "base": TransformerConfig(),
    "base_bias": TransformerConfig(attention_bias=True),
    "big": TransformerConfig(dim=1024, hidden_dim=4096, num_heads=16),
    "big_bias": TransformerConfig(dim=1024, hidden_dim=4096, num_heads=16, attention_bias=True),
    "tiny": TransformerConfig(vocabulary=50, dim=32, hidden_dim=64, num_heads=4, depth=2, max_length=100),
}
PARAMETERS: Mapping[str, int] = {
    "base": 63_045_632,
    "base_bias": 63_082_496,
    "big": 214_171_648,
    "big_bias": 214_245_376,
    "tiny": 43_584,
}
# Multiply-accumulates in G for a source and a target of 64 tokens, attention's products included.
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "base": (((1, 64), (1, 64)), 4.1065),
    "big": (((1, 64), (1, 64)), 13.8501),
}
PUBLISHED_SIZES = {"base": ("65M", "unverified"), "big": ("213M", "unverified")}
ORIGIN, LICENCE = "tensorflow/tensor2tensor", "Apache-2.0"
NOT_A_PICTURE = "sentences, not pictures"
BAD = [
    ({"num_heads": 5}, (5, 32)),
    ({"dim": 33, "num_heads": 3}, (33, 34)),
]


def example(config: TransformerConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, Tensor]:
    """Random tokens, source and target of different lengths."""
    n, m = ((12, 9), (7, 15), (20, 1))[step]
    return torch.randint(config.vocabulary, (batch, n)), torch.randint(config.vocabulary, (batch, m))
