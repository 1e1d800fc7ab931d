"""Measures the sound (loudness, spectrum, classes) and where it changes."""
