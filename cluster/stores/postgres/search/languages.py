"""The text search configuration of PostgreSQL for the language of a text.

The names are those of PostgreSQL 18. Where an older server lacks one, words of that language are found in the
form in which they are said. Knows no database.
"""

from __future__ import annotations

from collections.abc import Container

SIMPLE = "simple"
"""The configuration without stems, which every server has."""

_CONFIGS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
"""ISO 639-1 → configuration."""


def config_of(language: str | None, present: Container[str]) -> str:
    """The configuration for a language code such as `en` or `pt-BR`; `simple` where the server has none."""
    config = _CONFIGS.get((language or "").lower().partition("-")[0], SIMPLE)
    return config if config in present else SIMPLE
