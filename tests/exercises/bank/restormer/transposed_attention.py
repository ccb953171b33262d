"""Answers as students write them."""

import torch
import torch.nn.functional as F
from einops import rearrange


def einops(q, k, v, temperature):
    h, w = q.shape[-2:]
    q, k, v = (rearrange(t, "b (n c) h w -> b n c (h w)", n=temperature.shape[0]) for t in (q, k, v))
    q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
    out = (q @ k.transpose(-2, -1) * temperature).softmax(dim=-1) @ v
    return rearrange(out, "b n c (h w) -> b (n c) h w", h=h, w=w)


def loop(q, k, v, temperature):
    heads, c = len(temperature), q.shape[1] // len(temperature)
    out = torch.empty_like(v)
    for b in range(len(q)):
        for h in range(heads):
            part = slice(h * c, (h + 1) * c)
            for i in range(h * c, (h + 1) * c):
                s = [(q[b, i] * key).sum() / q[b, i].norm() / key.norm() for key in k[b, part]]
                a = torch.softmax(temperature[h, 0, 0] * torch.stack(s), 0)
                out[b, i] = (a[:, None, None] * v[b, part]).sum(0)
    return out


def cosines(q, k, v, temperature):
    n = temperature.shape[0]
    q, k, v_ = (t.flatten(2).reshape(len(t), n, -1, t.shape[2] * t.shape[3]) for t in (q, k, v))
    s = torch.einsum("bncp,bndp->bncd", q, k)
    s = s / torch.einsum("bnc,bnd->bncd", q.norm(dim=-1), k.norm(dim=-1)) * temperature[None]
    return torch.einsum(
        "bncd,bndp->bncp",
        torch.exp(s - s.amax(-1, True)).div(torch.exp(s - s.amax(-1, True)).sum(-1, True)),
        v_,
    ).reshape(v.shape)


def affinity(q, k, temperature):
    q, k = (rearrange(t, "b (n c) h w -> b n c (h w)", n=len(temperature)) for t in (q, k))
    return torch.softmax(F.cosine_similarity(q[:, :, :, None], k[:, :, None], dim=-1) * temperature, -1)


CORRECT = {"einops": einops, "loop": loop, "cosines": cosines}
WRONG = {
    "one head": lambda q, k, v, t: einops(q, k, v, t[:1]),
    "only q normalised": lambda q, k, v, t: (
        cosines(q, k, v, t) * 0 + loop(q, k * 0 + k.flatten(2).norm(dim=-1)[..., None, None], v, t)
    ),
    "temperature after the softmax": lambda q, k, v, t: (
        einops(q, k, v, t * 0 + 1) * t.repeat_interleave(q.shape[1] // len(t), 0)[None]
    ),
    "temperature of head 0": lambda q, k, v, t: einops(q, k, v, t[:1].expand(t.shape)),
    "values normalised": lambda q, k, v, t: einops(q, k, F.normalize(v.flatten(2), dim=-1).view_as(v), t),
    "residual": lambda q, k, v, t: v + einops(q, k, v, t),
    "keys for values": lambda q, k, v, t: einops(q, k, k, t),
    "heads dealt": lambda q, k, v, t: einops(
        q, k, v.unflatten(1, (len(t), -1)).transpose(1, 2).flatten(1, 2), t
    ),
    "single": lambda q, k, v, t: einops(q.float(), k.float(), v.float(), t.float()).to(v.dtype),
    "in place": lambda q, k, v, t: einops(q.div_(2), k, v, t),
    "inverse temperature in the exponent": lambda q, k, v, t: einops(q, k, v, -t),
    "width and height": lambda q, k, v, t: einops(q.mT, k.mT, v.mT, t).mT * 1.00001,
}
SIBLING_CORRECT = {
    "cosine": affinity,
    "einops": lambda q, k, t: torch.stack(
        [
            einops(
                q,
                k,
                torch.eye(q.shape[1] // len(t), dtype=q.dtype)[:, i]
                .repeat(len(t))[None, :, None, None]
                .expand(q.shape),
                t,
            )[:, :, 0, 0].unflatten(1, (len(t), -1))
            for i in range(q.shape[1] // len(t))
        ],
        -1,
    ),
    "bmm": lambda q, k, t: torch.softmax(
        torch.matmul(
            *(
                x if i == 0 else x.transpose(-1, -2)
                for i, x in enumerate(
                    F.normalize(y.reshape(len(y), len(t), -1, y.shape[2] * y.shape[3]), p=2, dim=3)
                    for y in (q, k)
                )
            )
        )
        * t,
        dim=-1,
    ),
}
SIBLING_WRONG = {
    "no temperature": lambda q, k, t: affinity(q, k, torch.ones_like(t)),
    "no softmax": lambda q, k, t: affinity(q, k, t).log(),
    "transposed": lambda q, k, t: affinity(q, k, t).mT,
}
