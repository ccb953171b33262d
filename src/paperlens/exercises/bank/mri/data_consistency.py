"""The exercise `mri.data_consistency`."""

from paperlens.exercises.bank.mri.sampling_old import DATA_CONSISTENCY

EXERCISE = DATA_CONSISTENCY
