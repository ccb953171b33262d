"""Any scale: one network for every magnification."""
