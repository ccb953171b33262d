"""Answers as students write them."""

import math

import torch
from torch.fft import fft2, fftshift, ifft2, ifftshift

D = (-2, -1)


def fft2c(x):
    return fftshift(fft2(ifftshift(x, dim=D), norm="ortho"), dim=D)


def ifft2c(k):
    return fftshift(ifft2(ifftshift(k, dim=D), norm="ortho"), dim=D)


def box(x, s):
    return tuple(slice(n // 2 - n // s // 2, n // 2 - n // s // 2 + n // s) for n in x.shape[-2:])


def shifts(x, s):
    k = fft2c(x.to(torch.complex64 if x.dtype == torch.float32 else torch.complex128))
    return ifft2c(k[..., *box(x, s)]).abs() / s


def forward_norm(x, s):
    k = fftshift(fft2(ifftshift(x, dim=D), norm="forward"), dim=D)[..., *box(x, s)]
    return fftshift(ifft2(ifftshift(k, dim=D), norm="forward"), dim=D).abs()


def axis_by_axis(x, s):
    y = columns(x, s, magnitude=False)
    return columns(y.mT, s, magnitude=False).mT.abs().to(x.dtype)


def columns(x, s, magnitude=True):
    part = slice(x.shape[-1] // 2 - x.shape[-1] // s // 2, None)
    k = fftshift(torch.fft.fft(ifftshift(x, dim=-1), norm="ortho"), dim=-1)[..., part][
        ..., : x.shape[-1] // s
    ]
    y = fftshift(torch.fft.ifft(ifftshift(k, dim=-1), norm="ortho"), dim=-1) / math.sqrt(s)
    return y.abs() if magnitude else y


def kept(k, s):
    out = torch.zeros_like(k)
    out[..., *box(k, s)] = k[..., *box(k, s)]
    return out


CORRECT = {"shifts": shifts, "norm forward": forward_norm, "axis by axis": axis_by_axis}
WRONG = {
    "unshifted corner": lambda x, s: ifft2(fft2(x)[..., : x.shape[1] // s, : x.shape[2] // s]).abs() / s**2,
    "complex": lambda x, s: ifft2c(fft2c(x + 0j)[..., *box(x, s)]) / s,
    "columns alone": columns,
    "zeroed, full size": lambda x, s: ifft2c(kept(fft2c(x + 0j), s)).abs(),
    "zeroed, strided": lambda x, s: ifft2c(kept(fft2c(x + 0j), s)).abs()[..., ::s, ::s],
    "mean over the batch": lambda x, s: shifts(x, s) * 0 + shifts(x, s).mean(0),
    "shifted over the batch once": lambda x, s: (
        fftshift(ifft2(ifftshift(fft2c(x + 0j)[..., *box(x, s)], D), norm="ortho")).abs() / s
    ),
    "single": lambda x, s: shifts(x.float(), s).to(x.dtype),
}
SIBLING_CORRECT = {
    "one axis": columns,
    "two axes": lambda x, s: ifft2c(fft2c(x + 0j)[..., box(x, s)[1]]).abs() / math.sqrt(s),
    "forward": lambda x, s: fftshift(
        torch.fft.ifft(
            ifftshift(fftshift(torch.fft.fft(ifftshift(x, -1), norm="forward"), -1)[..., box(x, s)[1]], -1),
            norm="forward",
        ),
        -1,
    ).abs(),
}
SIBLING_WRONG = {
    "divided by the scale": lambda x, s: columns(x, s) / math.sqrt(s),
    "rows": lambda x, s: columns(x.mT, s).mT,
    "striding": lambda x, s: x[..., ::s],
    "average": lambda x, s: x.unflatten(-1, (-1, s)).mean(-1),
}
