"""Evidence of what is said and shown as text, at candidate boundaries."""
