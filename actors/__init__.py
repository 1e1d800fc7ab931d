"""What runs on the cluster: the bridge, the pool, the segmentation actor, and the pure library they call.

Imports `cluster` and nothing above it. `actors.segmentation` imports not even that: see there.
"""
