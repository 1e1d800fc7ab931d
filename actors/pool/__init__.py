"""The pool: shares the segmenter processes fairly among all videos, and keeps those processes running."""
