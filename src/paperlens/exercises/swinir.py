"""Exercises on SwinIR: what stands around the attention."""

from paperlens.exercises.swinir_cost import HIGH_FREQUENCY_SHARE, WINDOW_ATTENTION_MACS
from paperlens.exercises.swinir_pixels import PAD_TO_WINDOW, PIXEL_SHUFFLE

EXERCISES = (PIXEL_SHUFFLE, PAD_TO_WINDOW, WINDOW_ATTENTION_MACS, HIGH_FREQUENCY_SHARE)
