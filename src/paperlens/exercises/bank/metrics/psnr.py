"""The exercise `metrics.psnr`."""

from paperlens.exercises.bank.metrics.psnr_old import PSNR

EXERCISE = PSNR
