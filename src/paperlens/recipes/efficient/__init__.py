"""Studies of chapter efficient."""
