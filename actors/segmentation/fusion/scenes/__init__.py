"""Where scenes begin: measures at each shot, their calibrated odds, and the boundaries that are chosen."""
