"""The exercise `metrics.ssim`."""

from paperlens.exercises.bank.metrics.ssim_old import SSIM

EXERCISE = SSIM
