"""Exercises `swin.*`, one a file."""
