"""The pool: hands the work of all videos to the segmentation actors, fairly, and keeps those actors alive."""
