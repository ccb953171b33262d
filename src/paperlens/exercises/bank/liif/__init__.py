"""Exercises `liif.*`, one a file."""
