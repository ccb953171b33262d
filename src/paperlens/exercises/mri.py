"""Exercises on k-space, in the order of the chapter."""

from paperlens.exercises.mri_coils import ROOT_SUM_OF_SQUARES
from paperlens.exercises.mri_fourier import FFT2C, TRUNCATE_KSPACE
from paperlens.exercises.mri_sampling import DATA_CONSISTENCY, UNDERSAMPLE

EXERCISES = (FFT2C, TRUNCATE_KSPACE, UNDERSAMPLE, DATA_CONSISTENCY, ROOT_SUM_OF_SQUARES)
