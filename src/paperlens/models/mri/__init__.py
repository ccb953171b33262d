"""Magnetic resonance imaging: one contrast helps another."""
