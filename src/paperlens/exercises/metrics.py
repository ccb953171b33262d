"""Exercises on the two numbers of restoration."""

from paperlens.exercises.psnr import PSNR
from paperlens.exercises.ssim import SSIM

EXERCISES = (PSNR, SSIM)
