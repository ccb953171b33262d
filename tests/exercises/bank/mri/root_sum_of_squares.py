"""Answers as students write them."""

import torch


def loop(c):
    out = torch.zeros(c.shape[0], *c.shape[2:], dtype=c.real.dtype)
    for i in range(c.shape[1]):
        out = torch.hypot(out, c[:, i].abs())
    return out


def einsum(c, m):
    return torch.einsum("bqhw,bqhw->bhw", m.conj(), c) / torch.einsum("bqhw,bqhw->bhw", m.conj(), m)


def least_squares(c, m):
    a, y = (t.movedim(1, -1).reshape(-1, t.shape[1], 1) for t in (m, c))
    return torch.linalg.lstsq(a, y).solution.reshape(c.shape[0], *c.shape[2:])


CORRECT = {
    "abs": lambda c: (c.abs() ** 2).sum(1).sqrt(),
    "parts": lambda c: (c.real**2 + c.imag**2).sum(dim=1).sqrt(),
    "norm": lambda c: torch.linalg.vector_norm(c, dim=1),
    "conjugate": lambda c: (c * c.conj()).sum(1).real.sqrt(),
    "loop": loop,
}
WRONG = {
    "keeps the axis": lambda c: (c.abs() ** 2).sum(1, keepdim=True).sqrt(),
    "complex out": lambda c: (c * c.conj()).sum(1).sqrt(),
    "wrong view": lambda c: torch.view_as_real(c).flatten(1, 2).square().sum(1).sqrt().mean(-1),
    "first coil": lambda c: c[:, 0].abs(),
    "always double": lambda c: (c.abs().double() ** 2).sum(1).sqrt(),
    "single": lambda c: loop(c.to(torch.complex64)).to(c.real.dtype),
}
SIBLING_CORRECT = {
    "sum": lambda c, m: (m.conj() * c).sum(1) / (m.abs() ** 2).sum(1),
    "einsum": einsum,
    "least squares": least_squares,
}
SIBLING_WRONG = {
    "conjugated coils": lambda c, m: (m * c.conj()).sum(1) / (m.abs() ** 2).sum(1),
    "root below": lambda c, m: (m.conj() * c).sum(1) / (m.abs() ** 2).sum(1).sqrt(),
    "magnitude": lambda c, m: einsum(c, m).abs().to(c.dtype),
    "real out": lambda c, m: einsum(c, m).abs(),
    "batch axis": lambda c, m: (m.conj() * c).sum(0) / (m.abs() ** 2).sum(0),
}
