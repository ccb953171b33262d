"""The exercise `mri.fft2c`."""

from paperlens.exercises.bank.mri.fourier_old import FFT2C

EXERCISE = FFT2C
