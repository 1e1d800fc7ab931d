"""Imports under a lease: a file at an address becomes the source of a video."""
