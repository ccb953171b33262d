"""Exercises `losses.*`, one a file."""
