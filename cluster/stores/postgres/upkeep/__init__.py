"""For operators: PostgreSQL looked through for what should not be, and copied whole."""
