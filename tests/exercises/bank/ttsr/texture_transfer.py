"""Answers as students write them."""

import torch
import torch.nn.functional as F


def bmm(query, key, value, axis=1, norm=True, count=True, scale=1.0):
    q, k, v = (F.unfold(t, 3, padding=1) for t in (query, key, value))
    if norm:
        q, k = q / q.norm(dim=axis, keepdim=True), k / k.norm(dim=axis, keepdim=True)
    similarity, index = torch.bmm(q.transpose(1, 2), k).max(dim=2)
    v = torch.stack([one[:, i] for one, i in zip(v, index, strict=True)])
    out = F.fold(v, query.shape[-2:], 3, padding=1)
    number = F.fold(
        F.unfold(torch.ones_like(query[:, :1]), 3, padding=1) * 0 + 1, query.shape[-2:], 3, padding=1
    )
    return out / (number if count else 9), similarity.reshape(len(query), 1, *query.shape[-2:]) * scale


def loop(query, key, value):
    (b, _, h, w), (h2, w2) = query.shape, key.shape[-2:]
    pad = lambda t: F.pad(t, (1, 1, 1, 1))  # noqa: E731
    q, k, v = pad(query), pad(key), pad(value)
    out, number = (
        torch.zeros(b, value.shape[1], h + 2, w + 2, dtype=value.dtype),
        torch.zeros(h + 2, w + 2, dtype=value.dtype),
    )
    best = torch.zeros(b, 1, h, w, dtype=value.dtype)
    keys = torch.stack([k[:, :, i : i + 3, j : j + 3].flatten(1) for i in range(h2) for j in range(w2)], 1)
    for y in range(h):
        for x in range(w):
            patch = q[:, :, y : y + 3, x : x + 3].flatten(1)
            cosine = F.cosine_similarity(keys, patch[:, None], dim=2)
            best[:, 0, y, x] = cosine.amax(1)
            number[y : y + 3, x : x + 3] += 1
            for image, place in enumerate(cosine.argmax(1).tolist()):
                i, j = divmod(place, w2)
                out[image, :, y : y + 3, x : x + 3] += v[image, :, i : i + 3, j : j + 3]
    return (out / number)[:, :, 1:-1, 1:-1], best


def one_hot(query, key, value):
    q, k, v = (F.unfold(t, 3, padding=1) for t in (query, key, value))
    s = torch.einsum("bpk,bpq->bkq", F.normalize(k, dim=1), F.normalize(q, dim=1))
    choice = F.one_hot(s.argmax(1), k.shape[2]).to(v.dtype)
    out = F.fold(torch.einsum("bpk,bqk->bpq", v, choice), query.shape[2:], 3, padding=1)
    ones = torch.ones(1, 1, *query.shape[2:], dtype=v.dtype)
    number = F.conv2d(ones, torch.ones(1, 1, 3, 3, dtype=v.dtype), padding=1)
    return out / number, s.amax(1).view(len(q), 1, *query.shape[2:])


def match(query, key):
    q, k = (F.normalize(F.unfold(t, 3, padding=1), dim=1) for t in (query, key))
    best, index = torch.bmm(k.transpose(1, 2), q).max(1)
    return index.unflatten(1, query.shape[2:]), best.unflatten(1, query.shape[2:])


def match_loop(query, key):
    k = F.unfold(key, 3, padding=1)
    q = F.unfold(query, 3, padding=1)
    s = torch.stack([F.cosine_similarity(k, q[:, :, i : i + 1], dim=1) for i in range(q.shape[2])], 1)
    return s.argmax(-1).view(len(q), *query.shape[2:]), s.amax(-1).view(len(q), *query.shape[2:])


CORRECT = {"bmm, queries first": bmm, "loop": loop, "one hot": one_hot}
WRONG = {
    "no norm": lambda q, k, v: bmm(q, k, v, norm=False),
    "norm over places": lambda q, k, v: bmm(q, k, v, axis=2),
    "ninth": lambda q, k, v: bmm(q, k, v, count=False),
    "similarity doubled": lambda q, k, v: bmm(q, k, v, scale=2.0),
    "keys transferred": lambda q, k, v: bmm(q, k, k[:, :1].expand(-1, v.shape[1], -1, -1)),
    "normalised values": lambda q, k, v: bmm(q, k, F.normalize(v, dim=1)),
    "only the texture": lambda q, k, v: bmm(q, k, v)[0],
    "list": lambda q, k, v: list(bmm(q, k, v)),
    "exchanged": lambda q, k, v: bmm(q, k, v)[::-1],
    "similarity keeps no channel": lambda q, k, v: (bmm(q, k, v)[0], bmm(q, k, v)[1][:, 0]),
    "reflected border": lambda q, k, v: bmm(
        q, F.pad(k, (1, 1, 1, 1), mode="replicate")[:, :, 1:-1, 1:-1] + 1e-3, v
    ),
    "index of the first image": lambda q, k, v: bmm(q[:1].expand_as(q), k[:1].expand_as(k), v),
    "single": lambda q, k, v: tuple(t.to(v.dtype) for t in bmm(q.float(), k.float(), v.float())),
    "similarity from 0 to 1": lambda q, k, v: (bmm(q, k, v)[0], (1 + bmm(q, k, v)[1]) / 2),
}
SIBLING_CORRECT = {
    "bmm": match,
    "cosines": match_loop,
    "from the transfer": lambda q, k: (
        torch.bmm(
            *(
                F.normalize(F.unfold(t, 3, padding=1), dim=1).transpose(1, 2 if i == 0 else 1)
                for i, t in enumerate((q, k))
            )
        )
        .argmax(2)
        .view(len(q), *q.shape[2:]),
        bmm(q, k, k)[1][:, 0],
    ),
}
SIBLING_WRONG = {
    "exchanged": lambda q, k: match(q, k)[::-1],
    "from 1": lambda q, k: (match(q, k)[0] + 1, match(q, k)[1]),
    "column by column": lambda q, k: (match(q.mT, k.mT)[0].mT, match(q, k)[1]),
}
