"""The processes that do the pool's tasks: segmenters (plan, chunk, clip) and the fuser."""
