"""Exercises `tlc.*`, one a file."""
