"""Authentication, authorization by scope and owner, and rate limits."""
