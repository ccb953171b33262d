"""The exercise `swinir.high_frequency_share`."""

from paperlens.exercises.bank.swinir.cost_old import HIGH_FREQUENCY_SHARE

EXERCISE = HIGH_FREQUENCY_SHARE
