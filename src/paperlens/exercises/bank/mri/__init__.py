"""Exercises `mri.*`, one a file."""
