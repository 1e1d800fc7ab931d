"""What can be wrong with a model of meaning; imports nothing, so that callers need no torch to catch it."""

from __future__ import annotations


class MeaningModelError(Exception):
    """The model is not there or cannot be read; the message says what to do."""
