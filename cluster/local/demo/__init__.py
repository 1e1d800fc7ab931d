"""`make demo`: generates a short film and segments it with the whole stack."""
