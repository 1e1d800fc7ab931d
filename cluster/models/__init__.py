"""Weights that no package brings as such: which there are, where they live, how they get there."""
