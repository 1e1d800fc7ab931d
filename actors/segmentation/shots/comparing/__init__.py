"""Compares small pictures, many pairs at once: how much they differ, and which of their blocks moved."""
