"""Published checkpoint files: read safely, recognised, and run on pictures."""
