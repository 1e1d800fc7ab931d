"""Decoding: frames of a range of frame numbers, PCM of a range of seconds."""
