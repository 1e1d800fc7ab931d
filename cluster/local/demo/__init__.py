"""`make demo`: a short film, made here, through the whole stack."""
