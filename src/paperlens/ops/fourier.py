"""Centred, orthonormal Fourier transforms: pixel n//2 is the origin, sample n//2 zero frequency.

The inverse is also the adjoint (Parseval: energy is kept), and both hold for odd sizes, where `ifftshift` and
`fftshift` are different rolls. The convention of fastMRI (Zbontar et al., arXiv:1811.08839): ifftshift, FFT,
fftshift, in this order for both directions.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Complex, Inexact
from torch import Tensor


def fftc(image: Inexact[Tensor, "..."], dims: Sequence[int]) -> Complex[Tensor, "..."]:
    """Image to k-space over the axes `dims`, same shape; float32 gives complex64, float64 complex128."""
    dims = tuple(dims)
    kspace = torch.fft.fftn(torch.fft.ifftshift(image, dims), dim=dims, norm="ortho")
    centred: Tensor = torch.fft.fftshift(kspace, dims)
    return centred


def ifftc(kspace: Inexact[Tensor, "..."], dims: Sequence[int]) -> Complex[Tensor, "..."]:
    """K-space to image over the axes `dims`: inverse and adjoint of `fftc`."""
    dims = tuple(dims)
    image = torch.fft.ifftn(torch.fft.ifftshift(kspace, dims), dim=dims, norm="ortho")
    centred: Tensor = torch.fft.fftshift(image, dims)
    return centred


def fft2c(image: Inexact[Tensor, "*batch h w"]) -> Complex[Tensor, "*batch h w"]:
    """Image to k-space over the last two axes; rows are the first frequency axis, columns the second."""
    return fftc(image, (-2, -1))


def ifft2c(kspace: Inexact[Tensor, "*batch h w"]) -> Complex[Tensor, "*batch h w"]:
    """K-space to image over the last two axes: inverse and adjoint of `fft2c`."""
    return ifftc(kspace, (-2, -1))
