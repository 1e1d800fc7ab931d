"""Commands of `scenestream` that need the segmentation library."""
