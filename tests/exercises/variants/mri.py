"""Answers as students write them."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch.fft import fft2, fftshift, ifft2, ifftshift

D = (-2, -1)

# -- fft2c ----------------------------------------------------------------------------------------------------


def fft2c(x):
    return fftshift(fft2(ifftshift(x, dim=D), norm="ortho"), dim=D)


def ifft2c(k):
    return fftshift(ifft2(ifftshift(k, dim=D), norm="ortho"), dim=D)


def fft2c_rolled(x):
    h, w = x.shape[-2:]
    x = torch.roll(x, (-(h // 2), -(w // 2)), D)
    k = torch.fft.fft(torch.fft.fft(x, dim=-1), dim=-2) / math.sqrt(h * w)
    return torch.roll(k, (h // 2, w // 2), D)


def fft2c_matrix(x):
    def dft(n):
        i = torch.arange(n, dtype=torch.float64) - n // 2
        return torch.exp(-2j * math.pi * torch.outer(i, i) / n) / n**0.5

    h, w = x.shape[-2:]
    return torch.einsum("uh,...hw,vw->...uv", dft(h), x.to(torch.complex128), dft(w)).to(x.dtype)


def fft2c_numpy(x):
    k = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(x.numpy(), axes=D), norm="ortho"), axes=D)
    return torch.from_numpy(k).to(x.dtype)


FFT_WRONG = [
    ("no ifftshift", lambda x: fftshift(fft2(x, norm="ortho"), dim=D), "ifftshift before"),
    ("no fftshift", lambda x: fft2(ifftshift(x, dim=D), norm="ortho"), "fftshift after"),
    ("swapped", lambda x: ifftshift(fft2(fftshift(x, dim=D), norm="ortho"), dim=D), "swapped"),
    ("fftshift twice", lambda x: fftshift(fft2(fftshift(x, dim=D), norm="ortho"), dim=D), "twice"),
    ("no shift", lambda x: fft2(x, norm="ortho"), "no shift"),
    ("one axis", lambda x: fftshift(fft2(ifftshift(x, dim=-1), norm="ortho"), dim=-1), "last axis"),
    ("rows alone", lambda x: fftshift(fft2(ifftshift(x, dim=-2), norm="ortho"), dim=-2), "rows"),
    ("inverse", ifft2c, "other direction"),
    ("no ortho", lambda x: fftshift(fft2(ifftshift(x, dim=D)), dim=D), "ortho"),
    ("magnitude", lambda x: fft2c(x.abs().to(x.dtype)), "magnitude"),
    ("real", lambda x: fft2c(x.real.to(x.dtype)), "imaginary"),
    ("magnitude of k-space", lambda x: fft2c(x).abs().to(x.dtype), None),
    ("real out", lambda x: fft2c(x).abs(), None),
    ("batch too", lambda x: fftshift(torch.fft.fftn(ifftshift(x, dim=D), norm="ortho"), dim=D), "batch"),
    ("first axes", lambda x: fft2c(x.movedim(D, (0, 1))).movedim((0, 1), D), None),
    ("always double", lambda x: fft2c(x.to(torch.complex128)), None),
    ("transposed", lambda x: fft2c(x).mT, "exchanged"),
]
IFFT_WRONG = [
    ("forward", fft2c, "other direction"),
    ("no ifftshift", lambda k: fftshift(ifft2(k, norm="ortho"), dim=D), "ifftshift before"),
    ("no fftshift", lambda k: ifft2(ifftshift(k, dim=D), norm="ortho"), "fftshift after"),
    ("swapped", lambda k: ifftshift(ifft2(fftshift(k, dim=D), norm="ortho"), dim=D), "swapped"),
    ("no shift", lambda k: ifft2(k, norm="ortho"), "no shift"),
    ("no ortho", lambda k: fftshift(ifft2(ifftshift(k, dim=D)), dim=D), "ortho"),
    ("magnitude", lambda k: ifft2c(k).abs().to(k.dtype), None),
]

# -- truncate_kspace ------------------------------------------------------------------------------------------


def truncate(x, s):
    h, w = x.shape[-2:]
    m, n = h // s, w // s
    k = fft2c(x.to(torch.complex64 if x.dtype == torch.float32 else torch.complex128))
    top, left = h // 2 - m // 2, w // 2 - n // 2
    return ifft2c(k[..., top : top + m, left : left + n]).abs() / s


def truncate_forward_norm(x, s):
    k = fftshift(fft2(ifftshift(x, dim=D), norm="forward"), dim=D)
    (h, w), (m, n) = x.shape[-2:], (x.shape[-2] // s, x.shape[-1] // s)
    k = k.narrow(-2, h // 2 - m // 2, m).narrow(-1, w // 2 - n // 2, n)
    return fftshift(ifft2(ifftshift(k, dim=D), norm="forward"), dim=D).abs()


def truncate_matrix(x, s):
    def low(n):
        m = n // s
        i, j = (torch.arange(size, dtype=torch.float64) - size // 2 for size in (m, n))
        f = torch.arange(m, dtype=torch.float64) - m // 2
        back, there = (
            torch.exp(2j * math.pi * torch.outer(i, f) / m),
            torch.exp(-2j * math.pi * torch.outer(f, j) / n),
        )
        return back @ there / n

    return (low(x.shape[-2]) @ x.to(torch.complex128) @ low(x.shape[-1]).mT).abs().to(x.dtype)


def _crop(x, s, top, left, divide=None):
    m, n = x.shape[-2] // s, x.shape[-1] // s
    k = fft2c(x + 0j)[..., top : top + m, left : left + n]
    return ifft2c(k).abs() / (s if divide is None else divide)


def _starts(x, s):
    return [n // 2 - n // s // 2 for n in x.shape[-2:]]


TRUNCATE_WRONG = [
    ("corner", lambda x, s: _crop(x, s, 0, 0), "corner"),
    ("unshifted", lambda x, s: ifft2(fft2(x)[..., : x.shape[1] // s, : x.shape[2] // s]).abs() / s**2, None),
    ("no rescale", lambda x, s: _crop(x, s, *_starts(x, s), divide=1), "not rescaled"),
    ("rescaled twice", lambda x, s: _crop(x, s, *_starts(x, s), divide=s**2), "twice"),
    ("multiplied", lambda x, s: _crop(x, s, *_starts(x, s), divide=1 / s), "multiplied"),
    ("one early", lambda x, s: _crop(x, s, *[n - 1 for n in _starts(x, s)]), "one entry off"),
    ("one late", lambda x, s: _crop(x, s, *[n + 1 for n in _starts(x, s)]), "one entry off"),
    (
        "middle of the rest",
        lambda x, s: _crop(x, s, *[(n - n // s) // 2 for n in x.shape[-2:]]),
        "(n - m) // 2",
    ),
    ("striding", lambda x, s: x[..., ::s, ::s], "striding"),
    ("average pool", lambda x, s: F.avg_pool2d(x[:, None], s)[:, 0], "averaged"),
    (
        "bicubic",
        lambda x, s: F.interpolate(x[:, None], scale_factor=1 / s, mode="bicubic", antialias=True)[:, 0],
        "bicubic",
    ),
    (
        "bicubic, aliased",
        lambda x, s: F.interpolate(x[:, None], scale_factor=1 / s, mode="bicubic")[:, 0],
        "bicubic",
    ),
    ("real part", lambda x, s: ifft2c(fft2c(x + 0j)[..., *_box(x, s)]).real / s, "real part"),
    ("complex", lambda x, s: ifft2c(fft2c(x + 0j)[..., *_box(x, s)]) / s, None),
    ("columns alone", lambda x, s: truncate_columns(x, s) + 0, None),
    ("zeroed, full size", lambda x, s: ifft2c(_keep(fft2c(x + 0j), s)).abs(), None),
    ("zeroed, strided", lambda x, s: ifft2c(_keep(fft2c(x + 0j), s)).abs()[..., ::s, ::s], None),
    ("mean over the batch", lambda x, s: truncate(x, s) * 0 + truncate(x, s).mean(0), None),
]


def _box(x, s):
    return tuple(slice(a, a + n // s) for a, n in zip(_starts(x, s), x.shape[-2:], strict=True))


def _keep(k, s):
    kept = torch.zeros_like(k)
    kept[..., *_box(k, s)] = k[..., *_box(k, s)]
    return kept


def truncate_columns(x, s):
    w = x.shape[-1]
    m = w // s
    k = fftshift(torch.fft.fft(ifftshift(x, dim=-1), norm="ortho"), dim=-1)[..., w // 2 - m // 2 :][..., :m]
    return fftshift(torch.fft.ifft(ifftshift(k, dim=-1), norm="ortho"), dim=-1).abs() / s**0.5


def truncate_columns_2d(x, s):
    w = x.shape[-1]
    m = w // s
    k = fft2c(x.to(torch.complex64 if x.dtype == torch.float32 else torch.complex128))
    return ifft2c(k[..., w // 2 - m // 2 : w // 2 - m // 2 + m]).abs() / math.sqrt(s)


def truncate_columns_matrix(x, s):
    n = x.shape[-1]
    m = n // s
    i, j = (torch.arange(size, dtype=torch.float64) - size // 2 for size in (m, n))
    matrix = (
        torch.exp(2j * math.pi * torch.outer(i, i) / m) @ torch.exp(-2j * math.pi * torch.outer(i, j) / n) / n
    )
    return torch.einsum("ij,bhj->bhi", matrix, x.to(torch.complex128)).abs().to(x.dtype)


def _columns(x, s, start, divide):
    k = fft2c(x + 0j)[..., start : start + x.shape[-1] // s]
    return ifft2c(k).abs() / divide


COLUMNS_WRONG = [
    ("both axes", truncate, "rows are truncated"),
    ("no rescale", lambda x, s: _columns(x, s, _starts(x, s)[1], 1.0), "not rescaled"),
    ("divided by the scale", lambda x, s: _columns(x, s, _starts(x, s)[1], s), None),
    ("first columns", lambda x, s: _columns(x, s, 0, s**0.5), "first columns"),
    ("one early", lambda x, s: _columns(x, s, _starts(x, s)[1] - 1, s**0.5), "early"),
    ("rows", lambda x, s: truncate_columns(x.mT, s).mT, None),
    ("striding", lambda x, s: x[..., ::s], None),
    ("average", lambda x, s: x.unflatten(-1, (-1, s)).mean(-1), None),
]

# -- undersample ----------------------------------------------------------------------------------------------


def _mask(w, a, f, *, count=round, start=lambda w, c: (w - c + 1) // 2, first=0):
    mask = torch.zeros(w, dtype=torch.bool)
    c = count(w * f)
    mask[first::a] = True
    mask[start(w, c) : start(w, c) + c] = True
    return mask


def undersample_mask(k, a, f):
    return k * _mask(k.shape[-1], a, f)


def undersample_where(k, a, f):
    w = k.shape[-1]
    i = torch.arange(w)
    c = round(w * f)
    keep = (i % a == 0) | ((i >= (w - c + 1) // 2) & (i < (w - c + 1) // 2 + c))
    return torch.where(keep, k, torch.zeros((), dtype=k.dtype))


def undersample_slices(k, a, f):
    out = torch.zeros_like(k)
    w = k.shape[-1]
    c = round(w * f)
    s = (w - c + 1) // 2
    out[..., ::a] = k[..., ::a]
    out[..., s : s + c] = k[..., s : s + c]
    return out


def _wrong_mask(**change):
    return lambda k, a, f: k * _mask(k.shape[-1], a, f, **change)


def _random_mask(k, a, f):
    mask = torch.rand(k.shape[-1]) < 1 / a
    return k * (mask | (_mask(k.shape[-1], 10**6, f)))


UNDERSAMPLE_WRONG = [
    ("rows", lambda k, a, f: k * _mask(k.shape[-2], a, f)[:, None], "rows are kept"),
    ("no centre", _wrong_mask(count=lambda x: 0), "block is missing"),
    (
        "centre alone",
        lambda k, a, f: k * _mask(k.shape[-1], 10**6, f, first=10**5),
        "regular columns are missing",
    ),
    ("one early", _wrong_mask(start=lambda w, c: (w - c + 1) // 2 - 1), "early"),
    ("one late", _wrong_mask(start=lambda w, c: (w - c + 1) // 2 + 1), "late"),
    ("other middle", _wrong_mask(start=lambda w, c: (w - c) // 2), "(w - c) // 2"),
    ("third middle", _wrong_mask(start=lambda w, c: w // 2 - c // 2), "w // 2 - c // 2"),
    ("floor", _wrong_mask(count=int), "cut off"),
    ("ceil", _wrong_mask(count=math.ceil), "rounded up"),
    ("half up", _wrong_mask(count=lambda x: int(x + 0.5)), "halves"),
    ("inverted", lambda k, a, f: k * ~_mask(k.shape[-1], a, f), "inverted"),
    ("offset 1", _wrong_mask(first=1), None),
    ("random", _random_mask, None),
    ("dropped columns", lambda k, a, f: k[..., _mask(k.shape[-1], a, f)], None),
    ("scaled", lambda k, a, f: a * undersample_mask(k, a, f), "scaled up"),
    ("magnitude", lambda k, a, f: undersample_mask(k, a, f).abs().to(k.dtype), None),
    ("unshifted centre", _wrong_mask(start=lambda w, c: 0), "left edge"),
    ("in place", lambda k, a, f: k.mul_(_mask(k.shape[-1], a, f)), None),
    ("NaN", lambda k, a, f: undersample_mask(k, a, f) / _mask(k.shape[-1], a, f), None),
]


def _row_mask(k, a, f, **change):
    return _mask(k.shape[-2], a, f, **{"first": 1, **change})[:, None]


def undersample_rows_loop(k, a, f):
    out = torch.zeros_like(k)
    h = k.shape[-2]
    c = round(h * f)
    for i in range(h):
        if i % a == 1 % a or (h - c + 1) // 2 <= i < (h - c + 1) // 2 + c:
            out[..., i, :] = k[..., i, :]
    return out


ROWS_WRONG = [
    ("columns", undersample_mask, "columns are kept"),
    ("from 0", lambda k, a, f: k * _row_mask(k, a, f, first=0), "begin at 0"),
    ("no centre", lambda k, a, f: k * _row_mask(k, a, f, count=lambda x: 0), "block is missing"),
    ("one early", lambda k, a, f: k * _row_mask(k, a, f, start=lambda w, c: (w - c + 1) // 2 - 1), None),
    ("floor", lambda k, a, f: k * _row_mask(k, a, f, count=int), None),
    ("inverted", lambda k, a, f: k * ~_row_mask(k, a, f), None),
    ("scaled", lambda k, a, f: a * k * _row_mask(k, a, f), None),
]

# -- data_consistency -----------------------------------------------------------------------------------------


def consistency_index(p, m, k):
    out = p.clone()
    full = k.expand(p.shape)
    out[full] = m[full]
    return out


CONSISTENCY_WRONG = [
    ("inverted", lambda p, m, k: torch.where(k, p, m), "wrong way round"),
    ("added", lambda p, m, k: p + k * m, "added"),
    ("average", lambda p, m, k: torch.where(k, 0.5 * (p + m), p), "averaged"),
    ("keeps prediction", lambda p, m, k: p, "nothing is put back"),
    ("measured alone", lambda p, m, k: m * k, "dropped"),
    ("measured everywhere", lambda p, m, k: m, "everywhere"),
    ("assumes zeros", lambda p, m, k: p * ~k + m, "p (1 - mask)"),
    ("masked prediction", lambda p, m, k: p * k, "alone"),
    ("where measured is not zero", lambda p, m, k: torch.where(m != 0, m, p), None),
    ("in place", lambda p, m, k: p.copy_(torch.where(k, m, p)), None),
    ("real part", lambda p, m, k: torch.where(k, m.real.to(p.dtype), p), None),
]


def _weighted(p, m, k, w):
    return torch.where(k, (p + w * m) / (1 + w), p)


WEIGHTED_WRONG = [
    ("replaces", lambda p, m, k, w: torch.where(k, m, p), "whatever the weight"),
    ("weights swapped", lambda p, m, k, w: torch.where(k, (w * p + m) / (1 + w), p), "instead of"),
    ("not divided", lambda p, m, k, w: torch.where(k, p + w * m, p), "not divided"),
    ("inverted", lambda p, m, k, w: _weighted(p, m, ~k, w), None),
    ("everywhere", lambda p, m, k, w: (p + w * m) / (1 + w), None),
    ("mean", lambda p, m, k, w: torch.where(k, (p + m) / 2, p), None),
    ("gradient step", lambda p, m, k, w: p - w * k * (p - m), None),
]

# -- root_sum_of_squares --------------------------------------------------------------------------------------

RSS_WRONG = [
    ("sum then magnitude", lambda c: c.sum(1).abs(), "cancel"),
    ("sum of magnitudes", lambda c: c.abs().sum(1), "magnitudes are added"),
    ("mean of magnitudes", lambda c: c.abs().mean(1), "magnitudes are averaged"),
    ("mean of squares", lambda c: (c.abs() ** 2).mean(1).sqrt(), "squares are averaged"),
    ("no root", lambda c: (c.abs() ** 2).sum(1), "root is missing"),
    ("batch axis", lambda c: (c.abs() ** 2).sum(0).sqrt(), "batch"),
    ("real", lambda c: (c.real**2).sum(1).sqrt(), "real part"),
    ("complex squares", lambda c: (c**2).sum(1).abs().sqrt(), "without taking magnitudes"),
    ("max", lambda c: c.abs().amax(1), "largest"),
    ("keeps the axis", lambda c: (c.abs() ** 2).sum(1, keepdim=True).sqrt(), None),
    ("complex out", lambda c: (c * c.conj()).sum(1).sqrt(), None),
    ("wrong view", lambda c: torch.view_as_real(c).flatten(1, 2).square().sum(1).sqrt().mean(-1), None),
    ("first coil", lambda c: c[:, 0].abs(), None),
    ("always double", lambda c: (c.abs().double() ** 2).sum(1).sqrt(), None),
]


def rss_loop(c):
    out = torch.zeros(c.shape[0], *c.shape[2:], dtype=c.real.dtype)
    for i in range(c.shape[1]):
        out = torch.hypot(out, c[:, i].abs())
    return out


def combine_einsum(c, m):
    return torch.einsum("bqhw,bqhw->bhw", m.conj(), c) / torch.einsum("bqhw,bqhw->bhw", m.conj(), m)


def combine_lstsq(c, m):
    a, y = (t.movedim(1, -1).reshape(-1, t.shape[1], 1) for t in (m, c))
    return torch.linalg.lstsq(a, y).solution.reshape(c.shape[0], *c.shape[2:])


COMBINE_WRONG = [
    ("no conjugate", lambda c, m: (m * c).sum(1) / (m.abs() ** 2).sum(1), "not conjugated"),
    ("conjugated coils", lambda c, m: (m * c.conj()).sum(1) / (m.abs() ** 2).sum(1), None),
    ("not divided", lambda c, m: (m.conj() * c).sum(1), "missing"),
    ("mean of quotients", lambda c, m: (c / m).mean(1), "averaged"),
    ("root below", lambda c, m: (m.conj() * c).sum(1) / (m.abs() ** 2).sum(1).sqrt(), None),
    ("magnitude", lambda c, m: combine_einsum(c, m).abs().to(c.dtype), None),
    ("real out", lambda c, m: combine_einsum(c, m).abs(), None),
    ("batch axis", lambda c, m: (m.conj() * c).sum(0) / (m.abs() ** 2).sum(0), None),
]

CORRECT = {
    "mri.fft2c": [
        ("shifts", fft2c),
        ("rolled", fft2c_rolled),
        ("matrix", fft2c_matrix),
        ("numpy", fft2c_numpy),
    ],
    "mri.ifft2c": [
        ("shifts", ifft2c),
        ("conjugate", lambda k: fft2c(k.conj()).conj()),
        ("conjugated matrix", lambda k: fft2c_matrix(k.conj()).conj()),
    ],
    "mri.truncate_kspace": [
        ("shifts", truncate),
        ("norm forward", truncate_forward_norm),
        ("matrix", truncate_matrix),
    ],
    "mri.truncate_columns": [
        ("one axis", truncate_columns),
        ("two axes", truncate_columns_2d),
        ("matrix", truncate_columns_matrix),
    ],
    "mri.undersample": [
        ("mask", undersample_mask),
        ("where", undersample_where),
        ("slices", undersample_slices),
    ],
    "mri.undersample_rows": [
        ("mask", lambda k, a, f: k * _row_mask(k, a, f)),
        ("loop", undersample_rows_loop),
        ("where", lambda k, a, f: torch.where(_row_mask(k, a, f), k, 0)),
    ],
    "mri.data_consistency": [
        ("where", lambda p, m, k: torch.where(k, m, p)),
        ("arithmetic", lambda p, m, k: p * ~k + m * k),
        ("index", consistency_index),
        ("masked", lambda p, m, k: p + k * (m - p)),
    ],
    "mri.weighted_data_consistency": [
        ("where", _weighted),
        ("step", lambda p, m, k, w: p + k * w / (1 + w) * (m - p)),
        ("arithmetic", lambda p, m, k, w: p * ~k + k * (p / (1 + w) + m * (w / (1 + w)))),
    ],
    "mri.root_sum_of_squares": [
        ("abs", lambda c: (c.abs() ** 2).sum(1).sqrt()),
        ("parts", lambda c: (c.real**2 + c.imag**2).sum(dim=1).sqrt()),
        ("norm", lambda c: torch.linalg.vector_norm(c, dim=1)),
        ("conjugate", lambda c: (c * c.conj()).sum(1).real.sqrt()),
        ("loop", rss_loop),
    ],
    "mri.coil_combine": [
        ("sum", lambda c, m: (m.conj() * c).sum(1) / (m.abs() ** 2).sum(1)),
        ("einsum", combine_einsum),
        ("least squares", combine_lstsq),
    ],
}
_TABLES = {
    "mri.fft2c": FFT_WRONG,
    "mri.ifft2c": IFFT_WRONG,
    "mri.truncate_kspace": TRUNCATE_WRONG,
    "mri.truncate_columns": COLUMNS_WRONG,
    "mri.undersample": UNDERSAMPLE_WRONG,
    "mri.undersample_rows": ROWS_WRONG,
    "mri.data_consistency": CONSISTENCY_WRONG,
    "mri.weighted_data_consistency": WEIGHTED_WRONG,
    "mri.root_sum_of_squares": RSS_WRONG,
    "mri.coil_combine": COMBINE_WRONG,
}
WRONG = {exercise: [(name, function) for name, function, _ in table] for exercise, table in _TABLES.items()}
NAMED = {exercise: {name: words for name, _, words in table if words} for exercise, table in _TABLES.items()}
