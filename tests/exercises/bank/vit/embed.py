"""Answers as students write them."""

import torch
from einops import repeat


def filled(tokens, cls_token, pos_embed):
    out = pos_embed.repeat(tokens.shape[0], 1, 1)
    out[:, :1] += cls_token
    out[:, 1:] += tokens
    return out


def in_place(tokens, cls_token, pos_embed):
    tokens += pos_embed[:, 1:]
    return torch.cat([(cls_token + pos_embed[:, :1]).expand(len(tokens), -1, -1), tokens], 1)


CORRECT = {
    "filled": filled,
    "einops": lambda x, c, p: torch.cat([repeat(c, "1 1 d -> b 1 d", b=len(x)), x], 1) + p,
    "stack": lambda x, c, p: torch.stack([torch.cat([c[0], tokens]) + p[0] for tokens in x]),
}
WRONG = {
    "in place": in_place,
    "twice": lambda x, c, p: filled(x, c, 2 * p),
    "scaled": lambda x, c, p: filled(x * x.shape[-1] ** 0.5, c, p),
    "first image alone": lambda x, c, p: filled(x[:1], c, p).expand(len(x), -1, -1),
    "class channel": lambda x, c, p: torch.cat([c + p[:, :1], x[:1] + p[:, 1:]], 1),
    "single": lambda x, c, p: filled(x.float(), c.float(), p.float()).to(x.dtype),
    "positions shifted": lambda x, c, p: filled(x, c, p.roll(1, 1)),
}
SIBLING_CORRECT = {
    "cat": lambda x, c, p: torch.cat([x + p, c.repeat(len(x), 1, 1)], 1),
    "pad": lambda x, c, p: (
        torch.nn.functional.pad(x + p, (0, 0, 0, 1)) + torch.nn.functional.pad(c, (0, 0, x.shape[1], 0))
    ),
    "stack": lambda x, c, p: torch.stack([torch.cat([tokens + p[0], c[0]]) for tokens in x]),
}
SIBLING_WRONG = {
    "class token missing": lambda x, c, p: x + p,
    "position of the last": lambda x, c, p: torch.cat([x + p, (c + p[:, -1:]).expand(len(x), -1, -1)], 1),
    "reversed": lambda x, c, p: torch.cat([x + p.flip(1), c.expand(len(x), -1, -1)], 1),
}
