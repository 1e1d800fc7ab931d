"""`scenestream top`: a live overview of an installation."""
