"""Tracks and settings in, a timeline out: shots, scenes and chapters with their evidence. Decodes nothing."""
