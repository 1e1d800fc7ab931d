"""Who calls, what a key allows, and how much."""
