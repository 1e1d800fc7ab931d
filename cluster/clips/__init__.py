"""Clips cut out of a video: orders, file names, the manifest."""
