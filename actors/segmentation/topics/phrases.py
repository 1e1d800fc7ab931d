"""Sentences with which speakers go over to something else, by what they do.

They are compared by meaning, so they stand for their like in every language that the model of meaning knows.
Knows no other text.
"""

from __future__ import annotations

PHRASES: dict[str, tuple[str, ...]] = {
    "moves_on": (
        "Let's move on to the next topic.",
        "The next item on the agenda is the following.",
        "Now I would like to talk about something else.",
        "Okay, next slide.",
    ),
    "opens": ("Let us begin with the first point.", "Welcome back."),
    "closes": (
        "That is all about this; any questions before we go on?",
        "To summarise what we have seen, let me conclude.",
    ),
}
"""Written by hand, before they were tried; no phrase was chosen by how well it serves."""
