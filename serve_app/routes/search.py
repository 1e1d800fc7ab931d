"""Route of search: moments of all videos that a caller may see, by words and by meaning."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from cluster.contract.pages import MAX_SEARCH_PAGE_ITEMS, SEARCH_PAGE_ITEMS
from cluster.contract.search import FoundMoment, SearchResults, SegmentPlace
from cluster.contract.videos import EXAMPLE_ID
from cluster.contract.vocabulary import MOMENT_SOURCES, MomentSource
from cluster.stores.documents import thumbnail_url
from cluster.stores.postgres.search.find import FoundMoment as Found
from cluster.stores.postgres.search.ranks import asks_for_meaning
from serve_app.access.callers import caller_of
from serve_app.access.visibility import VIDEO_ID, check_visible
from serve_app.context import Cursor, context_of, root_of
from serve_app.routes.answering.links import signed_image
from serve_app.web.problems import Problem, declared

router = APIRouter(tags=["results"])

MAX_QUERY_CHARS = 200


@router.get(
    "/search",
    summary="Find moments by words that are said, shown, or in titles, tags and names, and by meaning",
    responses=declared("bad_cursor", "not_found", "invalid_request", "unavailable"),
)
def search(
    request: Request,
    q: Annotated[
        str,
        Query(
            description=f'Words, `"a phrase"`, `-excluded`; at most {MAX_QUERY_CHARS} characters',
            json_schema_extra={"minLength": 1, "maxLength": MAX_QUERY_CHARS},
        ),
    ],
    video: Annotated[
        str | None, Query(pattern=VIDEO_ID, description="Only in this video", examples=[EXAMPLE_ID])
    ] = None,
    from_: Annotated[
        str | None,
        Query(
            alias="from",
            max_length=100,
            description=f"Only by these sources, with commas between them: {', '.join(MOMENT_SOURCES)}",
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_SEARCH_PAGE_ITEMS)] = SEARCH_PAGE_ITEMS,
    cursor: Cursor = None,
) -> SearchResults:
    """Best first: moments with all words, then those with some. A word finds its inflections in the language
    that is spoken in a video, and the last one also what begins with it. Of a word that very many moments
    have, a thousand or two are ranked and listed. A video is found by its name at once, by the rest a second
    or two after it is done, and by what is said when that is written down.

    Where the installation can (`ways` tells), what means the same in other words or another language is found
    as well, and the ranks of both ways are fused; not with `"phrases"` and `-exclusions`.
    """
    context = context_of(request)
    caller = caller_of(request)
    if len(q) > MAX_QUERY_CHARS:
        raise Problem(
            "invalid_request", f"q has {len(q)} characters; shorten it to {MAX_QUERY_CHARS} or fewer."
        )
    if video is not None:
        check_visible(context.services.jobs.owner_of, caller, video)
    by_meaning = asks_for_meaning(q, cursor)
    question = context.questions.vector(q) if by_meaning else None
    page = context.services.jobs.search.find(
        q,
        owner=caller.only_owner,
        video_id=video,
        sources=_sources(from_),
        limit=limit,
        cursor=cursor,
        question=question,
    )
    return SearchResults(
        items=[_shown(request, moment) for moment in page.items],
        next_cursor=page.next_cursor,
        ways=["words"] if question is None else ["words", "meaning"],
    )


def _sources(named: str | None) -> tuple[MomentSource, ...]:
    """The sources of `from`; all without it. Problem for a name that is none."""
    if named is None:
        return MOMENT_SOURCES
    names = {name.strip() for name in named.split(",")} - {""}
    if not names or not names <= set(MOMENT_SOURCES):
        raise Problem(
            "invalid_request", f"from is a list of {', '.join(MOMENT_SOURCES)}, with commas between them."
        )
    return tuple(source for source in MOMENT_SOURCES if source in names)


def _shown(request: Request, found: Found) -> FoundMoment:
    thumbnail = None
    if found.keyframe is not None:
        address = thumbnail_url(root_of(request), found.video_id, found.keyframe)
        thumbnail = signed_image(request, found.video_id, address)
    return FoundMoment(
        video_id=found.video_id,
        filename=found.filename,
        segment=None if found.scene is None else SegmentPlace(level="scene", index=found.scene),
        start_s=found.start_s,
        end_s=found.end_s,
        source=found.source,
        snippet=found.snippet.text,
        matches=[list(match) for match in found.snippet.matches],
        score=found.score,
        ways=list(found.ways),
        thumbnail=thumbnail,
    )
