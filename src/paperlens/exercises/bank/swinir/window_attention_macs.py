"""The exercise `swinir.window_attention_macs`."""

from paperlens.exercises.bank.swinir.cost_old import WINDOW_ATTENTION_MACS

EXERCISE = WINDOW_ATTENTION_MACS
