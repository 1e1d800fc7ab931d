"""One HTML page with the timeline and keyframes, which needs no network."""
