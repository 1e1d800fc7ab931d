"""The neural networks and their packaged weights. Knows what they compute, not what it is used for."""
