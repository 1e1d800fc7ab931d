"""The processes on the cluster (bridge, pool, segmenters, fuser) and the pure libraries that they call.

Imports `cluster` and nothing above it. The libraries `actors.segmentation` and `actors.clips` do not import
even that: they know no cluster.
"""
