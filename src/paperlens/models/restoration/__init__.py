"""Restoration and super-resolution of single pictures."""
