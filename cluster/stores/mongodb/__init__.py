"""MongoDB: chunk tracks and timelines."""
