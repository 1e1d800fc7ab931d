"""`scenestream top`: the installation at a glance, again and again."""
