"""Exercises `swinir.*`, one a file."""
