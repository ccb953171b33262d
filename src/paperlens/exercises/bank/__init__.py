"""The exercises: `bank/PREFIX/NAME.py` holds `EXERCISE`, whose id is PREFIX.NAME, with its sibling for a class."""
