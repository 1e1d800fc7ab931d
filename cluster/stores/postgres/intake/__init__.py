"""How videos come in: resumable uploads with their lock, and imports from addresses."""
