"""What is said in a video: where somebody speaks, which words, in sentences."""
