"""Commands of `scenestream` that need the segmentation library, which `cluster` must not import."""
