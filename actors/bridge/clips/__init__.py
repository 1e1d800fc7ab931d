"""Orders of clips under a lease: every clip through the pool, then the manifest."""
