"""Backups: all stores and the media of one moment in a directory, and back again."""
