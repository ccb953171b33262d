"""The exercise `mri.truncate_kspace`."""

from paperlens.exercises.bank.mri.fourier_old import TRUNCATE_KSPACE

EXERCISE = TRUNCATE_KSPACE
