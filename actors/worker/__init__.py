"""The processes that execute tasks: segmenters (plan, chunk, clip, fuse) and the fuser (fuse, preview)."""
