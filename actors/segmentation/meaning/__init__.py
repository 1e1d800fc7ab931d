"""What sentences mean, as vectors: sentences of like meaning lie near, in any of some hundred languages."""
