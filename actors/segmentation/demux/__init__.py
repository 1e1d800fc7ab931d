"""Demuxing: streams, packets, and the index of every frame made of them. Decodes nothing."""
