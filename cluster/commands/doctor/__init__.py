"""`scenestream doctor`: diagnoses an installation and gives advice for each problem."""
