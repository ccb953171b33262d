"""Exercises `ttsr.*`, one a file."""
