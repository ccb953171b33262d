"""One readable loop, its profiles and its schedules."""
