"""Blocks that two or more models share, one idea a file."""
