"""The list of videos by place in a real PostgreSQL: whole rows, their proxies, and which page is read."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.listing import Placed
from tests.integration.stores.test_proxies import ended_video, ready, set_tracks
from tests.support.servers.stores import create_video


def page(jobs: Jobs, **asked: Any) -> Placed:
    everything: dict[str, Any] = dict.fromkeys(
        ("state", "q", "owner", "preset", "created_from", "created_to", "around")
    )
    return jobs.listing.at(**(everything | {"order": "newest", "offset": 0, "limit": 10} | asked))


def test_rows_are_those_of_the_videos_with_their_proxies(jobs: Jobs) -> None:
    without, with_proxy, outdated = ended_video(jobs), ready(jobs, 7), ready(jobs)
    set_tracks(jobs, outdated, "t2")

    listed = page(jobs).items

    assert listed == tuple(jobs.get(video_id) for video_id in (outdated, with_proxy, without))
    assert [video.proxy and (video.proxy["state"], video.proxy["bytes"]) for video in listed] == [
        None,
        ("done", 7),
        None,
    ]


@pytest.mark.parametrize(
    ("asked", "offset", "places"),
    [
        ({"offset": 1, "limit": 2}, 1, [1, 2]),
        ({"offset": 4, "limit": 3}, 2, [2, 3, 4]),
        ({"offset": 400, "limit": 2}, 3, [3, 4]),
        ({"around": 2, "limit": 3}, 1, [1, 2, 3]),
        ({"around": 0, "limit": 3}, 0, [0, 1, 2]),
        ({"order": "oldest", "limit": 2}, 0, [4, 3]),
        ({"order": "name", "limit": 2}, 0, [4, 3]),
    ],
)
def test_a_page_has_its_place_among_all(
    jobs: Jobs, asked: dict[str, Any], offset: int, places: list[int]
) -> None:
    newest_first = [create_video(jobs, filename=f"{name}.mp4").id for name in "abcde"][::-1]
    if "around" in asked:
        asked = asked | {"around": newest_first[asked["around"]]}

    found = page(jobs, **asked)

    assert [video.id for video in found.items] == [newest_first[place] for place in places]
    assert (found.offset, found.total) == (offset, 5)


def test_of_nothing_there_is_an_empty_page(jobs: Jobs) -> None:
    create_video(jobs)

    assert page(jobs, q="no such name") == Placed((), 0, 0)
