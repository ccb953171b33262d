"""Exercises `metrics.*`, one a file."""
