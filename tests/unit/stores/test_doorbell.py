"""The message on RabbitMQ."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.stores.ids import new_id
from cluster.stores.rabbitmq.broker import Doorbell


def test_a_doorbell_is_small_versioned_json() -> None:
    body = Doorbell("0123456789abcdef").encode()
    assert json.loads(body) == {"v": 1, "video_id": "0123456789abcdef"}


def test_any_id_of_ours_makes_the_way_and_back() -> None:
    for _ in range(50):
        doorbell = Doorbell(new_id())
        assert Doorbell.decode(doorbell.encode()) == doorbell


def test_unknown_fields_are_left_aside_so_that_a_newer_sender_is_understood() -> None:
    assert Doorbell.decode(b'{"v":1,"video_id":"video-0001","priority":3}') == Doorbell("video-0001")


@pytest.mark.parametrize(
    "document",
    [
        {"v": 1},
        {"v": 1, "video_id": ""},
        {"v": 1, "video_id": None},
        {"v": 1, "video_id": 12345678},
        {"v": 1, "video_id": ["video-0001"]},
        {"v": 1, "video_id": "short"},
        {"v": 1, "video_id": "x" * 129},
        {"v": 1, "video_id": "video-0001\n"},
        {"v": 1, "video_id": "../../etc/passwd"},
        {"v": 2, "video_id": "video-0001"},
        {"v": "1", "video_id": "video-0001"},
        {"video_id": "video-0001"},
        [],
        None,
    ],
)
def test_what_is_no_doorbell_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"doorbell|version"):
        Doorbell.decode(json.dumps(document).encode())


def test_a_large_message_is_not_even_looked_into() -> None:
    with pytest.raises(ValueError, match="at most 1024"):
        Doorbell.decode(b'{"v":1,"video_id":"video-0001"}' + b" " * 1000)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_do_worse_than_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with it, in the parser's own words
        Doorbell.decode(body)
