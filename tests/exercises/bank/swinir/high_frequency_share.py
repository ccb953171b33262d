"""Answers as students write them."""

import numpy as np
import torch


def fft(x, cutoff):
    energy = torch.fft.fft2(x).abs() ** 2
    n, m = x.shape[1:]
    fy, fx = torch.fft.fftfreq(n, dtype=x.dtype)[:, None], torch.fft.fftfreq(m, dtype=x.dtype)
    high = torch.hypot(fy.expand(n, m), fx.expand(n, m)) > cutoff
    return (energy * high).sum((1, 2)) / energy.sum((1, 2))


def shifted(x, cutoff):
    n, m = x.shape[1:]
    spectrum = torch.fft.fftshift(torch.fft.fft2(x, norm="ortho"), dim=(-2, -1))
    i = (torch.arange(n, dtype=torch.float64) - n // 2) / n
    j = (torch.arange(m, dtype=torch.float64) - m // 2) / m
    high = (i[:, None] ** 2 + j**2).sqrt() > cutoff
    energy = spectrum.real**2 + spectrum.imag**2
    return energy[:, high].sum(-1) / energy.flatten(1).sum(-1)


def numpy(x, cutoff):
    spectrum = np.abs(np.fft.fft2(x.double().numpy())) ** 2
    fy, fx = np.meshgrid(np.fft.fftfreq(x.shape[1]), np.fft.fftfreq(x.shape[2]), indexing="ij")
    low = fy**2 + fx**2 <= cutoff**2
    return torch.from_numpy(1 - (spectrum * low).sum((1, 2)) / spectrum.sum((1, 2))).to(x.dtype)


def inside(x, c, join=torch.logical_and, square=2.0, strict=False):
    energy = torch.fft.fft2(x).abs() ** square
    fy, fx = (torch.fft.fftfreq(n, dtype=torch.float64).abs() for n in x.shape[1:])
    keep = join(*((f < c) if strict else (f <= c) for f in (fy[:, None], fx[None])))
    return ((energy * keep).sum((1, 2)) / energy.sum((1, 2))).to(x.dtype)


def rows_and_columns(x, c):
    energy = torch.fft.fft2(x).abs() ** 2
    fy, fx = (torch.fft.fftfreq(n, dtype=torch.float64).abs() <= c for n in x.shape[1:])
    return energy[:, fy][:, :, fx].sum((1, 2)) / energy.sum((1, 2))


CORRECT = {"fft": fft, "shifted": shifted, "numpy": numpy}
WRONG = {
    "at least the cutoff": lambda x, c: fft(x, np.nextafter(c, 0.0)),
    "not divided": lambda x, c: fft(x, c) * torch.fft.fft2(x).abs().square().sum((1, 2)),
    "one number": lambda x, c: fft(x, c).mean(),
    "columns alone": lambda x, c: 1 - inside(x, c, join=lambda fy, fx: fx.expand(x.shape[1:])),
    "single": lambda x, c: fft(x.float(), c).to(x.dtype),
    "half spectrum": lambda x, c: (
        (torch.fft.rfft2(x).abs() ** 2)[:, 1:].sum((1, 2)) / (torch.fft.rfft2(x).abs() ** 2).sum((1, 2))
    ),
}
SIBLING_CORRECT = {
    "mask": inside,
    "rows and columns": rows_and_columns,
    "complement": lambda x, c: 1 - inside(x, c, join=lambda fy, fx: ~(fy & fx)),
}
SIBLING_WRONG = {
    "mean removed": lambda x, c: inside(x - x.mean((1, 2), keepdim=True), c),
    "either axis": lambda x, c: inside(x, c, join=torch.logical_or),
    "below the cutoff": lambda x, c: inside(x, c, strict=True),
}
