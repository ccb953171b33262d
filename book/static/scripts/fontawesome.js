// The icons come from the font alone; the theme's script for them would add 540 kB to every first visit.
