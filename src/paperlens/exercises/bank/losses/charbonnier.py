"""The exercise `losses.charbonnier`."""

from paperlens.exercises.bank.losses.losses_old import CHARBONNIER

EXERCISE = CHARBONNIER
