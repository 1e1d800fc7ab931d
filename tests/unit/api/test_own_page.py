"""Whether a write comes from a page of this origin, by what browsers say of it."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from serve_app.web.outer_middleware import is_own_page


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        (None, "a.example", True),
        ("http://a.example", "a.example", True),
        ("https://a.example", "a.example:443", True),
        ("http://A.example:80", "a.example", True),
        ("http://a.example:8000", "a.example:8000", True),
        ("http://a.example:8000", "a.example:8001", False),
        ("http://a.example", "b.example", False),
        ("https://a.example", "a.example:80", False),
        ("null", "a.example", False),
        ("null", "", False),
        ("http://[bad", "[bad", False),
        ("http://a.example:99999", "a.example:99999", False),
        ("app://page", "page", False),
    ],
)
def test_without_fetch_metadata_the_origin_tells(origin: str | None, host: str, own: bool) -> None:
    headers = {"host": host} if origin is None else {"host": host, "origin": origin}

    assert is_own_page(Headers(headers)) is own


@pytest.mark.parametrize(
    ("site", "own"), [("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False)]
)
def test_fetch_metadata_decides_alone(site: str, own: bool) -> None:
    assert (
        is_own_page(Headers({"sec-fetch-site": site, "origin": "http://other.example", "host": "a"})) is own
    )
