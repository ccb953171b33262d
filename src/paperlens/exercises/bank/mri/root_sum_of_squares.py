"""The exercise `mri.root_sum_of_squares`."""

from paperlens.exercises.bank.mri.coils_old import ROOT_SUM_OF_SQUARES

EXERCISE = ROOT_SUM_OF_SQUARES
