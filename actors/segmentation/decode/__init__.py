"""Decoding: pictures of a range of frames, sound of a range of seconds."""
