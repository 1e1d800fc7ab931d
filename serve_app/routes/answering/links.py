"""Makes signed links: addresses of a video's file and images that need no key until they expire.

Knows the paths of the API. The signature is made in `serve_app.access.signing`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request

from cluster.contract.results import Segment
from serve_app.access.callers import caller_of
from serve_app.context import context_of, root_of


def signed_link(request: Request, video_id: str, path: str, valid_s: float) -> tuple[str, int]:
    """The signed address of `path` (below the API's prefix), and its expiry (seconds since 1970).

    Blocks on PostgreSQL when the secrets must be loaded; UnavailableError if it does not answer.
    """
    query, expires = context_of(request).authenticator.signer.link(path, video_id, valid_s)
    return f"{root_of(request)}{path}?{query}", expires


def with_signed_images(request: Request, video_id: str, segments: Sequence[Segment]) -> list[Segment]:
    """The segments with signed addresses of their images, for <img>; unchanged where no key is needed."""
    for segment in segments:
        if segment.thumbnail is not None:
            segment.thumbnail = signed_image(request, video_id, segment.thumbnail)
    return list(segments)


def signed_image(request: Request, video_id: str, address: str) -> str:
    """The signed address of an image of the video, for <img>; unchanged where no key is needed."""
    if caller_of(request).way == "open":
        return address
    valid_s = context_of(request).services.settings.access.link_s
    return signed_link(request, video_id, address.removeprefix(root_of(request)), valid_s)[0]
