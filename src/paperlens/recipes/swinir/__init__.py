"""Studies of chapter swinir."""
