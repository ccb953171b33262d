"""BERT with the heads of its pre-training: which token is hidden, and does the second sentence follow the first?

Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding", NAACL 2019,
arXiv:1810.04805, Sec. 3.1.

Input    tokens, some of them hidden; the sentence (0 or 1) of    b n
         each; which are not padding
Output   logits of every token, and of "is the next sentence"     b n k  and  b 2
         (index 0) and "is not" (1)

Symbols: see bert.py.
Two forms: with both tasks (`next_sentence`), or with hidden tokens alone, which has no layer for the sentence.
Departures, quirks: see bert.py. The last matrix of the token head is the token embedding.
Published size: Sec. 3, 110M for base and 340M for large; counted 110,106,428 and 336,226,108, and 109,514,298 for
    base with hidden tokens alone. All live.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.models.language import bert
from paperlens.models.language.bert import BERT, EPS, BERTConfig, initialise


@dataclass(frozen=True, slots=True, kw_only=True)
class BERTPretrainingConfig:
    """An encoder and which tasks it learns by; the defaults are the base model with both."""

    encoder: BERTConfig = field(default_factory=BERTConfig)
    next_sentence: bool = True


class BERTPretraining(nn.Module):
    """An encoder and its heads (Fig. 1, left)."""

    def __init__(self, config: BERTPretrainingConfig) -> None:
        super().__init__()
        self.config = config
        if config.next_sentence and not config.encoder.pooler:
            raise ValueError(
                f"next_sentence is {config.next_sentence:d}, so the encoder needs its pooler, which is 0"
            )
        self.encoder = BERT(config.encoder)
        self.hidden_token = TokenHead(self.encoder.token_embedding)
        self.next_sentence = nn.Linear(config.encoder.dim, 2) if config.next_sentence else None
        for head in (self.hidden_token.dense, self.next_sentence):
            if head is not None:
                initialise(head)

    def forward(
        self,
        tokens: Int[Tensor, "b n"],
        sentence: Int[Tensor, "b n"] | None = None,
        mask: Bool[Tensor, "b n"] | None = None,
    ) -> tuple[Float[Tensor, "b n k"], Float[Tensor, "b 2"]] | Float[Tensor, "b n k"]:
        """Logits of both tasks, or of the tokens alone."""
        z = self.encoder(tokens, sentence, mask)
        words = self.hidden_token(z)
        if self.next_sentence is None:
            return words
        return words, self.next_sentence(self.encoder.sentence(z))


class TokenHead(nn.Module):
    """E LN(gelu(W z + b)) + c with E the token embedding (Sec. 3.1, Task 1; the layer before E as in the code)."""

    def __init__(self, embedding: nn.Embedding) -> None:
        super().__init__()
        vocabulary, dim = embedding.weight.shape
        self.dense = nn.Linear(dim, dim)
        self.norm = nn.LayerNorm(dim, eps=EPS)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.weight = embedding.weight

    def forward(self, z: Float[Tensor, "b n d"]) -> Float[Tensor, "b n k"]:
        """Logits of every token."""
        return F.linear(self.norm(F.gelu(self.dense(z))), self.weight, self.bias)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = BERTPretraining, BERTPretrainingConfig
PRESETS: Mapping[str, BERTPretrainingConfig] = {
    "base": BERTPretrainingConfig(),
    "base_tokens": BERTPretrainingConfig(encoder=BERTConfig(pooler=False), next_sentence=False),
    "large": BERTPretrainingConfig(encoder=bert.PRESETS["large"]),
    "tiny": BERTPretrainingConfig(encoder=bert.PRESETS["tiny"]),
}
PARAMETERS: Mapping[str, int] = {
    "base": 110_106_428,
    "base_tokens": 109_514_298,
    "large": 336_226_108,
    "tiny": 30_708,
}
# Multiply-accumulates in G for 128 tokens, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "base": ((1, 128), 14.2501),
    "base_tokens": ((1, 128), 14.2496),
    "large": ((1, 128), 43.5959),
}
PUBLISHED_SIZES = {"base": ("110M", "the authors' README"), "large": ("340M", "the authors' README")}
ORIGIN, LICENCE = "google-research/bert", "Apache-2.0"
NOT_A_PICTURE = "text, not pictures"
BAD = [({"encoder": BERTConfig(pooler=False)}, (1, 0))]


def example(config: BERTPretrainingConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Random tokens of two sentences, the last ones padding."""
    return bert.example(config.encoder, batch, step)


# Our names -> those of the converted checkpoints (transformers).
PUBLISHED_NAMES = (
    (r"^hidden_token\.dense\.", "cls.predictions.transform.dense."),
    (r"^hidden_token\.norm\.", "cls.predictions.transform.LayerNorm."),
    (r"^hidden_token\.weight$", "cls.predictions.decoder.weight"),
    (r"^hidden_token\.bias$", "cls.predictions.bias"),
    (r"^next_sentence\.", "cls.seq_relationship."),
    *(
        (rule.replace("^", r"^encoder\."), f"bert.{to}")
        for rule, to in bert.PUBLISHED_NAMES
        if rule[0] == "^"
    ),
    *((rule, to) for rule, to in bert.PUBLISHED_NAMES if rule[0] != "^"),
)
PUBLISHED_BUFFERS = (r"bert\.embeddings\.(position|token_type)_ids",)
ALIASES = {"cls.predictions.decoder.bias": "cls.predictions.bias"}
