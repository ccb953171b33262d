"""Text from a language model, one token after the other.

Radford et al., "Language Models are Unsupervised Multitask Learners", 2019 (top-k sampling: Fan et al., ACL 2018,
arXiv:1805.04833, Sec. 5.2).
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from paperlens.models.language.gpt import GPT, Past


@torch.no_grad()
def generate(
    model: GPT,
    prompt: Int[Tensor, "b n"],
    new_tokens: int,
    *,
    temperature: float = 0.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
    cache: bool = True,
) -> Int[Tensor, "b m"]:
    """The prompt and `new_tokens` more.

    Args:
        prompt: at least one token a row.
        temperature: 0 takes the likeliest token (greedy), 1 samples what the model says, more is bolder.
        top_k: sample among this many likeliest tokens alone.
        cache: keep keys and values of what was read; without, every step reads all of it again, for the same tokens.

    Raises:
        ValueError: an empty prompt, a result longer than max_length, a negative temperature, or a top_k outside
            1 .. vocabulary.
    """
    if prompt.shape[1] < 1:
        raise ValueError(f"the prompt has {prompt.shape[1]} tokens, it needs 1 or more")
    if new_tokens < 0 or prompt.shape[1] + new_tokens > model.config.max_length:
        raise ValueError(
            f"{prompt.shape[1]} tokens and {new_tokens} more must lie in 1 .. max_length {model.config.max_length}"
        )
    if temperature < 0:
        raise ValueError(f"temperature {temperature} must be 0 (greedy) or more")
    if top_k is not None and not 1 <= top_k <= model.config.vocabulary:
        raise ValueError(f"top_k {top_k} must lie in 1 .. vocabulary {model.config.vocabulary}")
    text, unread = prompt, prompt
    past: list[Past] | None = None
    for _ in range(new_tokens):
        logits, present = model.extend(unread if cache else text, past)
        unread = _next(logits[:, -1], temperature, top_k, generator)
        past = present if cache else None
        text = torch.cat([text, unread], dim=1)
    return text


def _next(
    logits: Float[Tensor, "b k"], temperature: float, top_k: int | None, generator: torch.Generator | None
) -> Int[Tensor, "b 1"]:
    """One token a row."""
    if temperature == 0:
        return logits.argmax(dim=-1, keepdim=True)
    if top_k is not None:
        best, index = logits.topk(top_k, dim=-1)
        drawn = torch.multinomial((best / temperature).softmax(dim=-1), 1, generator=generator)
        return index.gather(1, drawn)
    return torch.multinomial((logits / temperature).softmax(dim=-1), 1, generator=generator)
