"""The exercise `swinir.pixel_shuffle`."""

from paperlens.exercises.bank.swinir.pixels_old import PIXEL_SHUFFLE

EXERCISE = PIXEL_SHUFFLE
