"""The Annotated Transformer: a second reading of "Attention Is All You Need", taught and used more than the first.

Vaswani et al., NeurIPS 2017, arXiv:1706.03762v7, as read by Rush et al., "The Annotated Transformer", 2018 and 2022.

Input    source tokens and target tokens so far, integers    b n  and  b m
Output   log-probability of every next target token          b m k

Symbols (paper -> code): as in transformer.py
How it departs from the paper: the norm comes first, x + Sublayer(Norm(x)), and once more after each stack; it divides
    by the unbiased standard deviation plus eps; source, target and output have a table each; attention has biases.
Departures: dropout is left out.
Published size: none. Counted 101,009,544 for the base sizes with the 37,000 tokens of English-German, all live.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.attention import Attention
from paperlens.models.language.transformer import embed, feed_forward, keys
from paperlens.ops.positions import sinusoids


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatedTransformerConfig:
    """The defaults are the paper's base model."""

    source_vocabulary: int = 37_000
    target_vocabulary: int = 37_000
    dim: int = 512
    hidden_dim: int = 2048
    num_heads: int = 8
    depth: int = 6
    max_length: int = 5000


class AnnotatedTransformer(nn.Module):
    """As Transformer, with a norm after each stack and tables of their own."""

    positions: Tensor

    def __init__(self, config: AnnotatedTransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.source_embedding = nn.Embedding(config.source_vocabulary, config.dim)
        self.target_embedding = nn.Embedding(config.target_vocabulary, config.dim)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.depth))
        self.encoder_norm = UnbiasedNorm(config.dim)
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.depth))
        self.decoder_norm = UnbiasedNorm(config.dim)
        self.generator = nn.Linear(config.dim, config.target_vocabulary)
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
        z = embed(source, self.source_embedding, self.positions)
        for layer in self.encoder:
            z = layer(z, keys(source_mask))
        return self.encoder_norm(z)

    def decode(
        self,
        memory: Float[Tensor, "b n d"],
        target: Int[Tensor, "b m"],
        source_mask: Bool[Tensor, "b n"] | None = None,
    ) -> Float[Tensor, "b m k"]:
        """Log-probabilities of the token after each target token, which does not see what follows it."""
        z = embed(target, self.target_embedding, self.positions)
        for layer in self.decoder:
            z = layer(z, memory, keys(source_mask))
        return F.log_softmax(self.generator(self.decoder_norm(z)), dim=-1)


class EncoderLayer(nn.Module):
    """x + Sublayer(Norm(x)) for self-attention and for a feed-forward network, unlike the paper's Sec. 3.1."""

    def __init__(self, config: AnnotatedTransformerConfig) -> None:
        super().__init__()
        self.norms = nn.ModuleList(UnbiasedNorm(config.dim) for _ in range(2))
        self.attention = Attention(config.dim, config.num_heads, bias=True)
        self.feed_forward = feed_forward(config.dim, config.hidden_dim)

    def forward(
        self, z: Float[Tensor, "b n d"], mask: Bool[Tensor, "b 1 1 n"] | None
    ) -> Float[Tensor, "b n d"]:
        """`mask` is True where a key may be attended to."""
        normed = self.norms[0](z)
        z = z + self.attention(normed, normed, mask=mask)
        return z + self.feed_forward(self.norms[1](z))


class DecoderLayer(nn.Module):
    """As the encoder's, with attention to the memory in between."""

    def __init__(self, config: AnnotatedTransformerConfig) -> None:
        super().__init__()
        self.norms = nn.ModuleList(UnbiasedNorm(config.dim) for _ in range(3))
        self.attention = Attention(config.dim, config.num_heads, bias=True)
        self.memory_attention = Attention(config.dim, config.num_heads, bias=True)
        self.feed_forward = feed_forward(config.dim, config.hidden_dim)

    def forward(
        self,
        z: Float[Tensor, "b m d"],
        memory: Float[Tensor, "b n d"],
        mask: Bool[Tensor, "b 1 1 n"] | None,
    ) -> Float[Tensor, "b m d"]:
        """`mask` belongs to the memory."""
        normed = self.norms[0](z)
        z = z + self.attention(normed, normed, causal=True)
        z = z + self.memory_attention(self.norms[1](z), memory, mask=mask)
        return z + self.feed_forward(self.norms[2](z))


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

MODEL, CONFIG = AnnotatedTransformer, AnnotatedTransformerConfig
PRESETS: Mapping[str, AnnotatedTransformerConfig] = {
    "base": AnnotatedTransformerConfig(),
    "tiny": AnnotatedTransformerConfig(
        source_vocabulary=50,
        target_vocabulary=40,
        dim=32,
        hidden_dim=64,
        num_heads=4,
        depth=2,
        max_length=100,
    ),
}
PARAMETERS: Mapping[str, int] = {"base": 101_009_544, "tiny": 47_080}
# Multiply-accumulates in G for a source and a target of 64 tokens, attention's products included.
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {"base": (((1, 64), (1, 64)), 4.1065)}
ORIGIN, LICENCE = "harvardnlp/annotated-transformer", "MIT"
NOT_A_PICTURE = "sentences, not pictures"
BAD = [({"num_heads": 5}, (5, 32))]


def example(config: AnnotatedTransformerConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, Tensor]:
    """Random tokens, source and target of different lengths."""
    n, m = ((12, 9), (7, 15), (20, 1))[step]
    source = torch.randint(config.source_vocabulary, (batch, n))
    return source, torch.randint(config.target_vocabulary, (batch, m))


# Our names -> the published ones, applied in this order.
PUBLISHED_NAMES = (
    (r"^source_embedding\.", "src_embed.0.lut."),
    (r"^target_embedding\.", "tgt_embed.0.lut."),
    (r"(norm|norms\.\d)\.weight$", r"\1.a_2"),
    (r"(norm|norms\.\d)\.bias$", r"\1.b_2"),
    (r"^(en|de)coder_norm\.", r"\1coder.norm."),
    (r"^(en|de)coder\.(\d+)\.", r"\1coder.layers.\2."),
    (r"\.attention\.", ".self_attn."),
    (r"\.memory_attention\.", ".src_attn."),
    (r"_attn\.query\.", "_attn.linears.0."),
    (r"_attn\.key\.", "_attn.linears.1."),
    (r"_attn\.value\.", "_attn.linears.2."),
    (r"_attn\.output\.", "_attn.linears.3."),
    (r"\.feed_forward\.(\d)\.", lambda m: f".feed_forward.w_{int(m[1]) // 2 + 1}."),
    (r"\.norms\.(\d)\.", r".sublayer.\1.norm."),
    (r"^generator\.", "generator.proj."),
)
PUBLISHED_BUFFERS = (r"(src|tgt)_embed\.1\.pe",)
GOLDENS: Mapping[str, AnnotatedTransformerConfig] = {"transformer_annotated_base": PRESETS["base"]}
