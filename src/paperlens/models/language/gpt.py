"""GPT-2: a language model that only reads to the left.

Radford et al., "Language Models are Unsupervised Multitask Learners", 2019 (GPT-2); its blocks come from Radford et
al., "Improving Language Understanding by Generative Pre-Training", 2018 (GPT), which cites the Transformer decoder.

Input    tokens, integers                                        b n, n at most max_length
Output   logits of the token after each of them                  b n k

Symbols (paper -> code)
    context size  max_length       layers  depth        d_model  dim
Departures: dropout is left out.
Quirks: the tanh approximation of GELU. The output layer is the token embedding itself.
Published size: Table 2, 117M and 345M; the authors' README calls this an error and says 124M and 355M. Counted
    124,439,808 and 354,823,168, all live.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.mlp import Mlp
from paperlens.ops.check import check_tokens

Past = tuple[Float[Tensor, "b heads _ e"], Float[Tensor, "b heads _ e"]]  # keys and values of what was read


@dataclass(frozen=True, slots=True, kw_only=True)
class GPTConfig:
    """One row of Table 2; the defaults are the smallest, "GPT-2 small"."""

    vocabulary: int = 50_257
    max_length: int = 1024
    dim: int = 768
    depth: int = 12
    num_heads: int = 12


class GPT(nn.Module):
    """Token and position embeddings, pre-norm decoder blocks, one more norm, the embedding again (Sec. 2.3)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocabulary, config.dim)
        self.pos_embedding = nn.Embedding(config.max_length, config.dim)
        self.blocks = nn.ModuleList(DecoderBlock(config.dim, config.num_heads) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.dim)
        self._initialise()

    def forward(self, tokens: Int[Tensor, "b n"]) -> Float[Tensor, "b n k"]:
        """Logits; ValueError for a sequence longer than max_length."""
        return self.extend(tokens, None)[0]

    def extend(
        self, tokens: Int[Tensor, "b n"], past: Sequence[Past] | None
    ) -> tuple[Float[Tensor, "b n k"], list[Past]]:
        """Logits of `tokens` that follow what is cached in `past`, and the cache with them in it."""
        start = 0 if past is None else past[0][0].shape[2]
        check_tokens(tokens, self.config.max_length, start)
        position = torch.arange(start, start + tokens.shape[1], device=tokens.device)
        z = self.token_embedding(tokens) + self.pos_embedding(position)
        present = []
        for number, block in enumerate(self.blocks):
            z, seen = block(z, None if past is None else past[number])
            present.append(seen)
        return F.linear(self.norm(z), self.token_embedding.weight), present

    def _initialise(self) -> None:
        """N(0, 0.02^2); what is added to the residual stream is narrower by 1 / sqrt(number of additions)."""
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                added = name.endswith(("projection.weight", "contract.weight"))
                std = 0.02 / math.sqrt(2 * self.config.depth) if added else 0.02
                nn.init.normal_(parameter, std=std)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)


class DecoderBlock(nn.Module):
    """z' = z + attention(LN(z));  z = z' + MLP(LN(z')), the norm moved before each sub-block (Sec. 2.3)."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attention = CachedAttention(dim, num_heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, 4 * dim, partial(F.gelu, approximate="tanh"))

    def forward(self, z: Float[Tensor, "b n d"], past: Past | None) -> tuple[Float[Tensor, "b n d"], Past]:
        """The sequence, and what later tokens need of it."""
        attended, present = self.attention(self.norm1(z), past)
        z = z + attended
        return z + self.mlp(self.norm2(z)), present


class CachedAttention(nn.Module):
    """Causal self-attention whose keys and values may be continued: softmax(Q K^T / sqrt(d) + mask) V."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"num_heads {num_heads} does not divide dim {dim}")
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.projection = nn.Linear(dim, dim)

    def forward(self, z: Float[Tensor, "b n d"], past: Past | None) -> tuple[Float[Tensor, "b n d"], Past]:
        """Each token attends to itself and to all before it, those of `past` included."""
        q, k, v = rearrange(
            self.qkv(z), "b n (three heads d) -> three b heads n d", three=3, heads=self.num_heads
        )
        if past is None:
            attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
            n, m = q.shape[2], k.shape[2]
            seen = torch.ones(n, m, dtype=torch.bool, device=z.device).tril(m - n)
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        return self.projection(rearrange(attended, "b heads n d -> b n (heads d)")), (k, v)


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = GPT, GPTConfig
PRESETS: Mapping[str, GPTConfig] = {
    "gpt2_small": GPTConfig(),
    "gpt2_medium": GPTConfig(dim=1024, depth=24, num_heads=16),
    "tiny": GPTConfig(vocabulary=50, max_length=40, dim=32, depth=2, num_heads=4),
}
PARAMETERS: Mapping[str, int] = {"gpt2_small": 124_439_808, "gpt2_medium": 354_823_168, "tiny": 28_352}
# Multiply-accumulates in G for one input of this shape, attention's products included.
MACS: Mapping[str, tuple[tuple[int, ...], float]] = {
    "gpt2_small": ((1, 1024), 145.8242),
    "gpt2_medium": ((1, 1024), 413.4755),
}
PUBLISHED_SIZES = {
    "gpt2_small": ("117M; 124M", "unverified; the authors' README"),
    "gpt2_medium": ("345M; 355M", "unverified; the authors' README"),
}
ORIGIN, LICENCE = "openai/gpt-2", "modified MIT"
NOT_A_PICTURE = "text, not pictures"
BAD = [({"num_heads": 5}, (5, 32))]


def example(config: GPTConfig, batch: int = 2, step: int = 0) -> tuple[Tensor]:
    """Random tokens."""
    return (torch.randint(config.vocabulary, (batch, (12, 7, 1)[step])),)


# Our names -> those of the converted checkpoints (transformers), whose matrices are stored input first.
PUBLISHED_NAMES = (
    (r"^token_embedding\.", "transformer.wte."),
    (r"^pos_embedding\.", "transformer.wpe."),
    (r"^norm\.", "transformer.ln_f."),
    (r"^blocks\.", "transformer.h."),
    (r"\.norm([12])\.", r".ln_\1."),
    (r"\.attention\.qkv\.", ".attn.c_attn."),
    (r"\.attention\.projection\.", ".attn.c_proj."),
    (r"\.mlp\.expand\.", ".mlp.c_fc."),
    (r"\.mlp\.contract\.", ".mlp.c_proj."),
    (r"(c_attn|c_proj|c_fc)\.weight$", r"\1.weight", "o i -> i o"),
)
PUBLISHED_BUFFERS = (r"transformer\.h\.\d+\.attn\.(masked_)?bias",)
ALIASES = {"lm_head.weight": "transformer.wte.weight"}
GOLDENS: Mapping[str, GPTConfig] = {"gpt2_small": PRESETS["gpt2_small"]}
HEAVY = ("gpt2_small",)
