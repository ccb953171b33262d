"""Which columns of k-space are measured: Cartesian masks in the conventions of fastMRI.

Zbontar et al., arXiv:1811.08839; line counts checked against the published masks (tests). Every mask keeps
round(width * center_fraction) central columns from (width - kept + 1)//2, Python's round. A mask is boolean,
True is measured. A file name as seed gives one mask to all slices of a volume, the same on every machine.
"""

import numpy as np
import torch
from jaxtyping import Bool, Complex
from numpy.typing import NDArray
from torch import Tensor

Seed = int | str  # an int, or a file name whose character codes seed the generator


def _generator(seed: Seed) -> np.random.RandomState:
    # RandomState, not default_rng: its stream is frozen by NumPy, and the published masks were drawn from it.
    return np.random.RandomState(seed if isinstance(seed, int) else [ord(c) for c in seed])


def _centre(width: int, acceleration: float | int, center_fraction: float | int) -> tuple[int, slice]:
    """Number and place of the central columns; ValueError where the two numbers contradict each other."""
    kept = round(width * center_fraction)
    if acceleration < 1 or not 0 <= center_fraction <= 1:
        raise ValueError(
            f"acceleration {acceleration} must be at least 1 and center_fraction {center_fraction} in 0..1"
        )
    start = (width - kept + 1) // 2
    return kept, slice(start, start + kept)


def _mask(width: int, columns: NDArray[np.bool_], centre: slice) -> Bool[Tensor, " w"]:
    columns[centre] = True
    return torch.from_numpy(columns)


def random_mask(
    width: int, acceleration: float | int, center_fraction: float | int, seed: Seed
) -> Bool[Tensor, " w"]:
    """The centre, and each other column with the probability that makes width/acceleration on average.

    ValueError where the centre alone is already more than that.
    """
    kept, centre = _centre(width, acceleration, center_fraction)
    if kept * acceleration > width:
        raise ValueError(
            f"{kept} central columns exceed {width}/{acceleration}; lower center_fraction {center_fraction}"
        )
    probability = (width / acceleration - kept) / max(1, width - kept)
    return _mask(width, _generator(seed).uniform(size=width) < probability, centre)


def equispaced_mask(
    width: int, acceleration: int, center_fraction: float | int, seed: Seed | None = None
) -> Bool[Tensor, " w"]:
    """Every acceleration-th column and the centre; the real acceleration is lower than the nominal one.

    The first column is drawn from 0..acceleration-1 by the seed; None starts at 0.
    """
    _, centre = _centre(width, acceleration, center_fraction)
    offset = 0 if seed is None else int(_generator(seed).randint(0, acceleration))
    columns = np.zeros(width, dtype=bool)
    columns[offset::acceleration] = True
    return _mask(width, columns, centre)


def equispaced_fraction_mask(
    width: int, acceleration: float | int, center_fraction: float | int, seed: Seed | None = None
) -> Bool[Tensor, " w"]:
    """Nearly equispaced columns; the wider, fractional step makes width/acceleration with the centre.

    ValueError where the centre alone is already more than that.
    """
    kept, centre = _centre(width, acceleration, center_fraction)
    if kept * acceleration >= width:
        raise ValueError(
            f"{kept} central columns exceed {width}/{acceleration}; lower center_fraction {center_fraction}"
        )
    # The step solves (width - kept)/step + kept = width/acceleration.
    step = acceleration * (width - kept) / (width - kept * acceleration)
    offset = 0 if seed is None else int(_generator(seed).randint(0, round(step)))
    columns = np.zeros(width, dtype=bool)
    columns[np.around(np.arange(offset, width - 1, step)).astype(int)] = True
    return _mask(width, columns, centre)


def undersample(kspace: Complex[Tensor, "*b h w"], mask: Bool[Tensor, "..."]) -> Complex[Tensor, "*b h w"]:
    """Zero where the mask (broadcastable) is False; its inverse FFT is the zero-filled, aliased image."""
    return kspace * mask


def acceleration_of(mask: Bool[Tensor, "..."]) -> float:
    """The real acceleration: all samples over measured samples."""
    return mask.numel() / max(1, int(mask.sum()))
