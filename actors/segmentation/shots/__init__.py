"""Finds shot boundaries: candidates, their features, fitted models, kinds and confidences."""
