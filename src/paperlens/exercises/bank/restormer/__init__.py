"""Exercises `restormer.*`, one a file."""
