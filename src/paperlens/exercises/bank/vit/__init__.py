"""Exercises `vit.*`, one a file."""
