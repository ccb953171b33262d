"""Release, collect, isolated grading, gradebook, export."""
