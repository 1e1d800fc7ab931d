"""The container: streams, packets, the index of every frame. Decodes nothing."""
