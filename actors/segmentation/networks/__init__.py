"""The networks and their packaged weights: what they compute, not what it is used for."""
