"""How many items a page of a listing has. Standard library only."""

from __future__ import annotations

MAX_PAGE_ITEMS = 1000
"""The most of any listing: bounds the memory that one request can ask for."""
MAX_CLIP_ORDERS_PAGE_ITEMS = 200
"""The most of orders of clips, whose documents are large."""
MAX_SEARCH_PAGE_ITEMS = 200
"""The most of found moments: each is read and its words are marked."""

# Without `limit`:
VIDEOS_PAGE_ITEMS = 50
SEGMENTS_PAGE_ITEMS = 500
CLIP_ORDERS_PAGE_ITEMS = 50
CLIP_FILES_PAGE_ITEMS = 200
DELIVERIES_PAGE_ITEMS = 50
AUDIT_PAGE_ITEMS = 200
SEARCH_PAGE_ITEMS = 20
