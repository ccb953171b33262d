"""MRI: contrast, k-space, masks, coils, degradations; cameras and blur for natural images.

The names of a first MR experiment are here; the rest stands in the room's modules.
"""

from paperlens.ops.fourier import fft2c, ifft2c
from paperlens.physics.consistency import data_consistency
from paperlens.physics.masks import equispaced_fraction_mask, equispaced_mask, random_mask, undersample
from paperlens.physics.sampling import shift, truncate_kspace, zero_fill

__all__ = [
    "data_consistency",
    "equispaced_fraction_mask",
    "equispaced_mask",
    "fft2c",
    "ifft2c",
    "random_mask",
    "shift",
    "truncate_kspace",
    "undersample",
    "zero_fill",
]
