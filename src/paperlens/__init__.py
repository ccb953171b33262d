"""Paperlens: from attention to multi-contrast MRI super-resolution, paper by paper."""

__version__ = "0.1.0"
