"""Answers as students write them."""

import math

import numpy as np
import torch
from torch.fft import fft2, fftshift, ifft2, ifftshift

D = (-2, -1)


def shifts(x):
    return fftshift(fft2(ifftshift(x, dim=D), norm="ortho"), dim=D)


def inverse(k):
    return fftshift(ifft2(ifftshift(k, dim=D), norm="ortho"), dim=D)


def rolled(x):
    h, w = x.shape[-2:]
    x = torch.roll(x, (-(h // 2), -(w // 2)), D)
    k = torch.fft.fft(torch.fft.fft(x, dim=-1), dim=-2) / math.sqrt(h * w)
    return torch.roll(k, (h // 2, w // 2), D)


def numpy(x):
    k = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(x.numpy(), axes=D), norm="ortho"), axes=D)
    return torch.from_numpy(k).to(x.dtype)


CORRECT = {
    "shifts": shifts,
    "rolled": rolled,
    "numpy": numpy,
    "all axes shifted there and back": lambda x: fftshift(fft2(ifftshift(x), norm="ortho")),
}
WRONG = {
    "magnitude of k-space": lambda x: shifts(x).abs().to(x.dtype),
    "real out": lambda x: shifts(x).abs(),
    "first axes": lambda x: shifts(x.movedim(D, (0, 1))).movedim((0, 1), D),
    "always double": lambda x: shifts(x.to(torch.complex128)),
    "single inside": lambda x: shifts(x.to(torch.complex64)).to(x.dtype),
    "conjugate": lambda x: shifts(x).conj().resolve_conj(),
    "one axis": lambda x: fftshift(torch.fft.fft(ifftshift(x, -1), norm="ortho"), -1),
}
SIBLING_CORRECT = {
    "shifts": inverse,
    "conjugate": lambda k: shifts(k.conj()).conj(),
    "numpy": lambda k: numpy(k.conj().resolve_conj()).conj(),
}
SIBLING_WRONG = {
    "magnitude": lambda k: inverse(k).abs().to(k.dtype),
    "batch too": lambda k: fftshift(torch.fft.ifftn(ifftshift(k, dim=D), norm="ortho"), dim=D),
}
