"""The work on transcripts in PostgreSQL: rows, leases and states."""
