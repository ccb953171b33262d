"""The exercise `mri.undersample`."""

from paperlens.exercises.bank.mri.sampling_old import UNDERSAMPLE

EXERCISE = UNDERSAMPLE
