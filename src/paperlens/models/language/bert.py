"""BERT: an encoder that reads in both directions.

Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding", NAACL 2019,
arXiv:1810.04805.

Input    tokens, integers; the sentence (0 or 1) of each; which   b n, n at most max_length
         are not padding
Output   a vector for each token                                  b n d

Symbols (paper -> code)
    L  layers  depth        H  hidden size  dim        A  attention heads  num_heads
`sentence` makes of them what the paper calls C, the first token's vector for the whole sequence. The heads of
    pre-training are in bert_pretraining.py.
Departures: dropout is left out.
Quirks: the exact GELU, as the converted checkpoints are run; Google's code has the tanh approximation, which moves
    outputs by about 1e-3. Padding is left out of the softmax; Google's code lowers its logits by 10000.
Published size: Sec. 3, 110M for base and 340M for large; counted 109,482,240 and 335,141,888 with the layer of
    `sentence`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from paperlens.layers.attention import Attention
from paperlens.layers.mlp import Mlp
from paperlens.ops.check import check_tokens

EPS = 1e-12  # of every norm


@dataclass(frozen=True, slots=True, kw_only=True)
class BERTConfig:
    """The defaults are the base model (Sec. 3)."""

    vocabulary: int = 30_522
    max_length: int = 512
    sentences: int = 2
    dim: int = 768
    depth: int = 12
    num_heads: int = 12
    pooler: bool = True


class BERT(nn.Module):
    """The sum of three embeddings (Fig. 2), then post-norm encoder layers."""

    def __init__(self, config: BERTConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocabulary, config.dim)
        self.pos_embedding = nn.Embedding(config.max_length, config.dim)
        self.sentence_embedding = nn.Embedding(config.sentences, config.dim)
        self.norm = nn.LayerNorm(config.dim, eps=EPS)
        self.blocks = nn.ModuleList(EncoderLayer(config.dim, config.num_heads) for _ in range(config.depth))
        self.pooler = nn.Linear(config.dim, config.dim) if config.pooler else None
        self.apply(initialise)

    def forward(
        self,
        tokens: Int[Tensor, "b n"],
        sentence: Int[Tensor, "b n"] | None = None,
        mask: Bool[Tensor, "b n"] | None = None,
    ) -> Float[Tensor, "b n d"]:
        """A vector a token; `mask` is True at tokens, False at padding. ValueError beyond max_length."""
        check_tokens(tokens, self.config.max_length)
        position = torch.arange(tokens.shape[1], device=tokens.device)
        of = self.sentence_embedding(torch.zeros_like(tokens) if sentence is None else sentence)
        z = self.norm(self.token_embedding(tokens) + self.pos_embedding(position) + of)
        keys = None if mask is None else rearrange(mask, "b n -> b 1 1 n")
        for block in self.blocks:
            z = block(z, keys)
        return z

    def sentence(self, z: Float[Tensor, "b n d"]) -> Float[Tensor, "b d"]:
        """C: tanh(W z_0 + b) of the first token; ValueError for a model without this layer."""
        if self.pooler is None:
            raise ValueError(f"this BERT of depth {self.config.depth} was built with pooler=False")
        return torch.tanh(self.pooler(z[:, 0]))


class EncoderLayer(nn.Module):
    """z' = LN(z + attention(z));  z = LN(z' + MLP(z')): the Transformer's layer, with GELU (Sec. 3)."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.attention = Attention(dim, num_heads, bias=True)
        self.norm1 = nn.LayerNorm(dim, eps=EPS)
        self.mlp = Mlp(dim, 4 * dim)
        self.norm2 = nn.LayerNorm(dim, eps=EPS)

    def forward(
        self, z: Float[Tensor, "b n d"], mask: Bool[Tensor, "b 1 1 n"] | None
    ) -> Float[Tensor, "b n d"]:
        """`mask` is True where a key may be attended to."""
        z = self.norm1(z + self.attention(z, z, mask=mask))
        return self.norm2(z + self.mlp(z))


def initialise(module: nn.Module) -> None:
    """Truncated normal of standard deviation 0.02 for matrices, zero for biases (the authors' code)."""
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.trunc_normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = BERT, BERTConfig
PRESETS: Mapping[str, BERTConfig] = {
    "base": BERTConfig(),
    "large": BERTConfig(dim=1024, depth=24, num_heads=16),
    "tiny": BERTConfig(vocabulary=50, max_length=40, dim=32, depth=2, num_heads=4),
}
PARAMETERS: Mapping[str, int] = {"base": 109_482_240, "large": 335_141_888, "tiny": 29_472}
# Multiply-accumulates in G for 128 tokens, attention's products included, `sentence` not.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "base": ((1, 128), 11.1736),
    "large": ((1, 128), 39.4600),
}
PUBLISHED_SIZES = {"base": ("110M", "the authors' README"), "large": ("340M", "the authors' README")}
ORIGIN, LICENCE = "google-research/bert", "Apache-2.0"
NOT_A_PICTURE = "text, not pictures"
BAD = [({"num_heads": 5}, (5, 32))]


def example(config: BERTConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Random tokens of two sentences, the last ones padding."""
    n = (12, 7, 2)[step]
    tokens = torch.randint(config.vocabulary, (batch, n))
    sentence = (torch.arange(n) >= n // 2).long().expand(batch, n).contiguous()
    mask = torch.arange(n).lt(n - n // 4).expand(batch, n).contiguous()
    return tokens, sentence, mask


# Our names -> those of the converted checkpoints (transformers).
PUBLISHED_NAMES: tuple[tuple[str, str], ...] = (
    (r"^token_embedding\.", "embeddings.word_embeddings."),
    (r"^pos_embedding\.", "embeddings.position_embeddings."),
    (r"^sentence_embedding\.", "embeddings.token_type_embeddings."),
    (r"^norm\.", "embeddings.LayerNorm."),
    (r"^blocks\.", "encoder.layer."),
    (r"\.attention\.(query|key|value)\.", r".attention.self.\1."),
    (r"\.attention\.output\.", ".attention.output.dense."),
    (r"\.norm1\.", ".attention.output.LayerNorm."),
    (r"\.mlp\.expand\.", ".intermediate.dense."),
    (r"\.mlp\.contract\.", ".output.dense."),
    (r"\.norm2\.", ".output.LayerNorm."),
    (r"^pooler\.", "pooler.dense."),
)
PUBLISHED_BUFFERS = (r"embeddings\.position_ids", r"embeddings\.token_type_ids")
DEAD = (r"pooler\..*",)  # reached by `sentence` alone
GOLDENS: Mapping[str, BERTConfig] = {"bert_base_uncased": PRESETS["base"]}
HEAVY = ("bert_base_uncased",)
