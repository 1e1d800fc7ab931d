"""What lies outside the installation: files fetched for clients, and addresses that are told of events.

Every address is judged before anything connects to it. Knows no store and no queue.
"""

from __future__ import annotations
