"""Outbound connections: downloads of imports, and POST requests to webhooks.

Every address is checked against the allowed networks before a connection is made. Knows no store and no
queue.
"""

from __future__ import annotations
