"""Redis: progress, events, rate limits; all of it can be rebuilt."""
