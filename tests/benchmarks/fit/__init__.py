"""Fits the numbers of `actors.segmentation` that are data, and writes their files."""
