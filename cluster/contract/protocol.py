"""What all requests to the API have in common. Standard library only."""

from __future__ import annotations

API_PREFIX = "/api/v1"
"""Before the path of every address of the API."""
IDEMPOTENCY_KEY = "Idempotency-Key"
"""Header field of requests that make something: a repeat with the same key is answered like the first."""
