"""Exercises `nafnet.*`, one a file."""
