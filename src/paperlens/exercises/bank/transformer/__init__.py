"""Exercises `transformer.*`, one a file."""
