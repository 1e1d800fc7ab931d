"""Shot boundaries: candidates, features, fitted models, kinds and confidences."""
