"""A recipe is a Python object with its expected result."""
