"""Transcripts under a lease: groups of windows through the pool, then the whole."""
