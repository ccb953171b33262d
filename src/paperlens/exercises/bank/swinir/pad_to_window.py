"""The exercise `swinir.pad_to_window`."""

from paperlens.exercises.bank.swinir.pixels_old import PAD_TO_WINDOW

EXERCISE = PAD_TO_WINDOW
