"""How long things take, on films long enough to tell: each command in a process of its own."""
