"""A reference picture lends its texture."""
