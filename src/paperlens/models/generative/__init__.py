"""Networks that make pictures from noise, and their adversaries."""
