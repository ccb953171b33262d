"""`ttsr.texture_transfer`: each place takes the most similar texture of the reference."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import distinct, equivariant, invariant, known_value, random

Pair = tuple[Tensor, Tensor]


def _patches(x: Tensor) -> Tensor:
    """The 3 x 3 patch around each pixel, zeros outside: (b, 9 c, pixels)."""
    return F.unfold(x, 3, padding=1)


def _cosines(query: Tensor, key: Tensor) -> Tensor:
    """(b, places of the key, places of the query)."""
    return F.normalize(_patches(key), dim=1).mT @ F.normalize(_patches(query), dim=1)


def _assemble(patches: Tensor, best: Tensor, query: Tensor, ninth: bool = False) -> Pair:
    """Patches overlap: their sum, divided by how many there are at each pixel."""
    b, _, h, w = query.shape
    total = F.fold(patches, (h, w), 3, padding=1)
    count = F.fold(torch.ones_like(patches), (h, w), 3, padding=1)
    return total / (9 if ninth else count), best.view(b, 1, h, w)


def _transferred(scores: Tensor, value: Tensor) -> Pair:
    best, index = scores.max(dim=1)
    patches = _patches(value)
    return patches.gather(2, index[:, None].expand(-1, patches.shape[1], -1)), best


def texture_transfer(query: Tensor, key: Tensor, value: Tensor) -> Pair:
    """Eqs. 1 to 4 of the paper with the overlaps counted."""
    return _assemble(*_transferred(_cosines(query, key), value), query)


def best_match(query: Tensor, key: Tensor) -> Pair:
    """Where the most similar patch lies, and how similar it is."""
    best, index = _cosines(query, key).max(dim=1)
    size = (len(query), *query.shape[2:])
    return index.view(size), best.view(size)


def _clear(query: Tensor, key: Tensor) -> bool:
    """No two keys are almost equally similar, so that rounding decides nothing."""
    best = _cosines(query, key).topk(2, dim=1).values
    return bool((best[:, 0] - best[:, 1] > 1e-4).all())


def _cases(rng: np.random.Generator) -> list[Case]:
    """Key and value of another size than the query, another number of channels; bright spots; one image."""
    found: list[Case] = []
    while len(found) < 5:
        b, c, e = distinct(rng, 3, 2, 5)
        h, w, h2, w2 = distinct(rng, 4, 4, 9)
        i, scale = len(found), (1.0, 1e3, 1e-2, 1.0, 1.0)[len(found)]
        b, (h2, w2) = (1 if i == 1 else b), ((h, w) if i in (1, 3, 4) else (h2, w2))
        query, key = random(rng, b, c, h, w, scale=scale), random(rng, b, c, h2, w2, scale=scale)
        key[:, :, h2 // 2, w2 // 2] *= 30 if i else 1
        if _clear(query, key):
            name = f"query {b} x {c} x {h} x {w}, key {h2} x {w2}, value of {e} channels, about {scale:g}"
            found.append(case(name, query, key, random(rng, b, e, h2, w2, scale=scale)))
    return found


def _self(rng: np.random.Generator, bright: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    query = random(rng, 2, 3, 6, 5)
    query[:, :, 2, 3] *= 100 if bright else 1
    return query, query.clone(), random(rng, 2, 4, 6, 5)


def _itself(q: Tensor, k: Tensor, v: Tensor) -> Pair:
    return v, torch.ones(2, 1, 6, 5).double()


def _other(rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    while True:
        query, key = random(rng, 2, 3, 6, 5), random(rng, 2, 3, 4, 7)
        if _clear(query, key):
            return query, key, random(rng, 2, 2, 4, 7)


def _soft(q: Tensor, k: Tensor, v: Tensor) -> Pair:
    scores = _cosines(q, k)
    return _assemble(_patches(v) @ scores.softmax(1), scores.amax(1), q)


def _unnormalised(q: Tensor, k: Tensor, v: Tensor) -> Pair:
    return _assemble(*_transferred(_patches(k).mT @ _patches(q), v), q)


def _pixels(q: Tensor, k: Tensor, v: Tensor) -> Pair:
    best, index = (F.normalize(k, dim=1).flatten(2).mT @ F.normalize(q, dim=1).flatten(2)).max(1)
    found = v.flatten(2).gather(2, index[:, None].expand(-1, v.shape[1], -1))
    return found.unflatten(2, q.shape[2:]), best.view(len(q), 1, *q.shape[2:])


def _over_queries(q: Tensor, k: Tensor, v: Tensor) -> Pair:
    best, index = _cosines(q, k).max(dim=2)
    patches = _patches(v)
    return _assemble(patches.gather(2, index[:, None].expand(-1, patches.shape[1], -1)), best, q)


def _summed(q: Tensor, k: Tensor, v: Tensor) -> Pair:
    patches, best = _transferred(_cosines(q, k), v)
    return F.fold(patches, q.shape[2:], 3, padding=1), best.view(len(q), 1, *q.shape[2:])


def _centres(q: Tensor, k: Tensor, v: Tensor) -> Pair:
    patches, best = _transferred(_cosines(q, k), v)
    return patches.unflatten(1, (-1, 9))[:, :, 4].unflatten(2, q.shape[2:]), best.view(
        len(q), 1, *q.shape[2:]
    )


def _weighted(q: Tensor, k: Tensor, v: Tensor) -> Pair:
    transferred, best = texture_transfer(q, k, v)
    return transferred * best, best


def _reshaped(best: Tensor, index: Tensor) -> Pair:
    return index.view(best[:, 0].shape), best[:, 0]


SIBLING = Exercise(
    id="ttsr.best_match",
    parameters="query, key",
    summary="""Where in the reference each place looks. `query` (b, c, h, w) and `key` (b, c, h2, w2),
float32 or float64. Patches of 3 x 3 around every pixel, zeros outside, compared by cosine similarity.
Returns two tensors: the number of the most similar key pixel, row by row from 0, int64 (b, h, w), and that
similarity (b, h, w), of the dtype that came in.""",
    minutes=15,
    difficulty=3,
    importance=4,
    points=5,
    oracle=best_match,
    cases=lambda rng: [case(c.name, *c.args[:2]) for c in _cases(rng)],
    misconceptions=(
        wrong(
            "the patches are not normalised",
            lambda q, k: _reshaped(_unnormalised(q, k, k)[1], (_patches(k).mT @ _patches(q)).argmax(1)),
        ),
        wrong(
            "single pixels are compared, not patches of 3 x 3",
            lambda q, k: _reshaped(
                _pixels(q, k, k)[1],
                (F.normalize(k, dim=1).flatten(2).mT @ F.normalize(q, dim=1).flatten(2)).argmax(1),
            ),
        ),
        wrong(
            "the least similar patch is taken",
            lambda q, k: _reshaped(texture_transfer(q, -k, k)[1].neg(), _cosines(q, k).argmin(1)),
        ),
    ),
)

EXERCISE = Exercise(
    id="ttsr.texture_transfer",
    parameters="query, key, value",
    summary=r"""Hard attention: every place takes the texture of its most similar place in a reference.
`query` (b, c, h, w), `key` (b, c, h2, w2), `value` (b, e, h2, w2), float32 or float64. Patches of 3 x 3
around every pixel, zeros outside (`F.unfold`, padding 1). The similarity of two patches is their cosine;
for each query patch the most similar key patch $j^*$ is found, and the patch of `value` at $j^*$ is put in
its place. Overlapping patches are summed and divided by the number that really lie on each pixel (9 inside,
6 at an edge, 4 in a corner). Returns two tensors: the transferred texture (b, e, h, w) and the similarities
of the best matches (b, 1, h, w), same dtype.""",
    minutes=25,
    difficulty=4,
    importance=5,
    points=8,
    oracle=texture_transfer,
    cases=_cases,
    properties=(
        known_value(
            "query = key: each place finds itself, so the value comes back, borders too, similarity 1",
            _self,
            _itself,
        ),
        known_value(
            "query = key with one pixel 100 times brighter: brightness attracts nobody",
            lambda rng: _self(rng, True),
            _itself,
        ),
        equivariant(
            "five times the value gives five times the texture",
            _other,
            lambda q, k, v: (q, k, 5 * v),
            lambda out: (5 * out[0], out[1]),
        ),
        invariant("the scale of query and key does not matter", _other, lambda q, k, v: (7 * q, 0.2 * k, v)),
        equivariant(
            "each image has its own reference",
            _other,
            lambda q, k, v: (q.flip(0), k.flip(0), v.flip(0)),
            lambda out: (out[0].flip(0), out[1].flip(0)),
        ),
    ),
    misconceptions=(
        wrong("patches are not normalised, so that bright ones always win", _unnormalised),
        wrong("the best query is looked for at each key; look for the best key at each query", _over_queries),
        wrong("the values are mixed softly; the transfer is hard, one patch for each place", _soft),
        wrong("the overlapping patches are summed but not divided by their number", _summed),
        wrong(
            "the sum is divided by 9 everywhere; at edges 6 and in corners 4 patches overlap",
            lambda q, k, v: _assemble(*_transferred(_cosines(q, k), v), q, ninth=True),
        ),
        wrong("single pixels are compared and moved, not patches of 3 x 3", _pixels),
        wrong("only the centre of each patch is moved; whole patches overlap", _centres),
        wrong("the texture is multiplied by the similarity; that comes later in the network", _weighted),
        wrong(
            "the least similar patch is taken",
            lambda q, k, v: (texture_transfer(q, -k, v)[0], -texture_transfer(q, -k, v)[1]),
        ),
        wrong(
            "the similarity is normalised over places, not over the numbers of a patch",
            lambda q, k, v: _assemble(
                *_transferred(F.normalize(_patches(k), dim=2).mT @ F.normalize(_patches(q), dim=2), v), q
            ),
        ),
    ),
    sibling=SIBLING,
)
