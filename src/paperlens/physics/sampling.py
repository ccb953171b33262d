"""Resolution is how far out k-space was measured: truncation, zero filling, and where the pixels then lie.

Cropping an orthonormal k-space from n to m samples multiplies the image by sqrt(n/m) on each axis; everything
here divides that out, so the mean of the (complex) image stays. A crop starts at n//2 - m//2: zero frequency
stays at the centre index.

Grids. Truncation keeps the centre pixel in place: low-resolution pixel i lies at n//2 + (i - m//2) n/m, which
for even m is i*s. Image resizing (Pillow, MATLAB, torch) keeps the corners in place: (i + 1/2) s - 1/2. The
two differ by (s - 1)/2 high-resolution pixels; compared without correcting it, the better method loses.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Complex, Float, Inexact
from torch import Tensor
from torch.nn import functional as F

from paperlens.ops.fourier import fft2c, fftc, ifft2c, ifftc


def crop_centre(kspace: Inexact[Tensor, "..."], size: Sequence[int]) -> Inexact[Tensor, "..."]:
    """The central samples of the last len(size) axes, values untouched. ValueError where size exceeds them."""
    for dim, m in enumerate(size, start=-len(size)):
        n = kspace.shape[dim]
        if not 0 < m <= n:
            raise ValueError(f"cannot crop {m} of {n} samples on axis {dim}")
        kspace = kspace.narrow(dim, n // 2 - m // 2, m)
    return kspace


def pad_centre(kspace: Inexact[Tensor, "..."], size: Sequence[int]) -> Inexact[Tensor, "..."]:
    """Zeros around the centre up to `size` on the last axes, values untouched: the adjoint of `crop_centre`."""
    widths: list[int] = []
    for dim, n in enumerate(size, start=-len(size)):
        m = kspace.shape[dim]
        if n < m:
            raise ValueError(f"cannot pad {m} samples to {n} on axis {dim}")
        before = n // 2 - m // 2
        widths = [before, n - m - before, *widths]  # F.pad counts from the last axis
    return F.pad(kspace, widths)


def resample_kspace(kspace: Complex[Tensor, "*b h w"], size: Sequence[int]) -> Complex[Tensor, "*b k l"]:
    """Crop or zero-pad each axis to `size` and rescale, so that the image of the result keeps its mean."""
    h, w = kspace.shape[-2:]
    k, l = size
    inner = crop_centre(kspace, (min(h, k), min(w, l)))
    factor: float = ((k * l) / (h * w)) ** 0.5
    return pad_centre(inner, size) * factor


def lower_size(size: Sequence[int], scale: int) -> tuple[int, ...]:
    """n // scale on each axis; ValueError where nothing is left."""
    if scale < 1 or min(size) < scale:
        raise ValueError(f"scale {scale} leaves nothing of size {tuple(size)}; it must lie in 1..{min(size)}")
    return tuple(n // scale for n in size)


def truncate_kspace(image: Inexact[Tensor, "*b h w"], scale: int) -> Float[Tensor, "*b k l"]:
    """Low resolution as a scanner makes it: keep the central 1/scale of k-space on both axes.

    image: real or complex, any range. Returns the magnitude, h//scale by w//scale, of the matching precision;
    the mean of the complex image is kept exactly, that of the magnitude up to ringing below zero.
    """
    return ifft2c(resample_kspace(fft2c(image), lower_size(image.shape[-2:], scale))).abs()


def truncate_axis(image: Inexact[Tensor, "..."], scale: int, dim: int) -> Complex[Tensor, "..."]:
    """Truncation along one axis alone, complex: the phase direction, or through the plane in a 3D scan."""
    n = image.shape[dim]
    (m,) = lower_size((n,), scale)
    kspace = fftc(image, (dim,)).movedim(dim, -1)
    return ifftc(crop_centre(kspace, (m,)) * (m / n) ** 0.5, (-1,)).movedim(-1, dim)


def zero_fill(low_res: Inexact[Tensor, "*b k l"], size: Sequence[int]) -> Complex[Tensor, "*b h w"]:
    """Enlarge by zeros around k-space: sinc interpolation on the truncation grid; take .real or .abs()."""
    return ifft2c(resample_kspace(fft2c(low_res), size))


def truncation_positions(n: int, m: int) -> Float[Tensor, " m"]:
    """Where the m pixels of a truncated image lie, in pixels of the n-pixel image (float64)."""
    return n // 2 + (torch.arange(m, dtype=torch.float64) - m // 2) * (n / m)


def resize_positions(n: int, m: int) -> Float[Tensor, " m"]:
    """Where the m pixels of a resized (bicubic, area) image lie, in pixels of the n-pixel image (float64)."""
    return (torch.arange(m, dtype=torch.float64) + 0.5) * (n / m) - 0.5


def grid_shift(n: int, m: int) -> float:
    """Resize grid minus truncation grid in high-resolution pixels: (s - 1)/2 for even m = n/s, 1.5 at x4."""
    return float(resize_positions(n, m)[0] - truncation_positions(n, m)[0])


def shift(
    image: Inexact[Tensor, "*b h w"], rows: float | int, columns: float | int
) -> Complex[Tensor, "*b h w"]:
    """The content moved by (rows, columns) pixels, fractions allowed, periodic: a phase ramp over k-space.

    Result(y, x) = image(y - rows, x - columns). At even sizes the Nyquist sample has no sign and its ramp is
    made real, so a real image stays real.
    """
    kspace = fft2c(image)
    for dim, distance in ((-2, rows), (-1, columns)):
        n = image.shape[dim]
        angle = (
            -2
            * torch.pi
            * distance
            * (torch.arange(n, device=image.device, dtype=torch.float64) - n // 2)
            / n
        )
        ramp = torch.polar(torch.ones_like(angle), angle)
        if n % 2 == 0:
            ramp[0] = torch.cos(angle[0])
        kspace = kspace * ramp.to(kspace.dtype).unsqueeze(-1 if dim == -2 else 0)
    return ifft2c(kspace)


def to_resize_grid(low_res: Float[Tensor, "*b k l"], size: Sequence[int]) -> Float[Tensor, "*b k l"]:
    """A truncated image moved onto the grid of bicubic resizing, to be compared with one pixel by pixel."""
    k, l = low_res.shape[-2:]
    rows, columns = (grid_shift(n, m) * m / n for n, m in zip(size, (k, l), strict=True))
    return shift(low_res, -rows, -columns).real
