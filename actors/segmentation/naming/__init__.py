"""Names of segments: titles, keywords and roles, from what is shown and said."""
