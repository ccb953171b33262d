"""Recognition of single pictures."""
