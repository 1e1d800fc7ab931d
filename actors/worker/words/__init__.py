"""Recognises what is said and shown in a video, one task at a time."""
