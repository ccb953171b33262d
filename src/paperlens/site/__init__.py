"""Derived notebooks, page assembly, demos, tables for the book."""
