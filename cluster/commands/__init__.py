"""The commands of `scenestream` that need no segmentation library."""
