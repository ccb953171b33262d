"""What every recipe shares: the object, its training and scoring, its results, what ships of it."""
