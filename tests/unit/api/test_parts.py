"""The pure parts of the API: ranges, names, addresses, tus headers, progress, curves, problems."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.contract.problems import CODES
from cluster.errors import ConflictError, NotFoundError, ScenestreamError, UnavailableError, UsageError
from cluster.remote.addresses import is_public
from cluster.stores.documents import media_document, progress_document
from cluster.stores.postgres.video import Video, VideoState
from serve_app.videos.feeds import newer
from serve_app.videos.signals import spans
from serve_app.web import tus
from serve_app.web.filetypes import content_disposition, content_type, display_name
from serve_app.web.problems import Problem, declared, from_error
from serve_app.web.ranges import Span, etag_matches, parse_range

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


@given(
    size=st.integers(1, 10_000),
    first=st.one_of(st.none(), st.integers(0, 12_000)),
    last=st.one_of(st.none(), st.integers(0, 12_000)),
)
def test_a_span_always_lies_within_the_file(size: int, first: int | None, last: int | None) -> None:
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    backwards = first is not None and last is not None and last < first
    if (first is not None and first >= size and not backwards) or (first is None and last == 0):
        with pytest.raises(Problem, match=str(size)):
            parse_range(header, size)
        return
    span = parse_range(header, size)
    if span is None:
        assert (first, last) == (None, None) or (first is not None and last is not None and last < first)
        return
    assert 0 <= span.start < span.end <= size
    if first is not None:
        assert span.start == first
        assert span.end == (size if last is None else min(last + 1, size))
    else:
        assert span.end - span.start == min(size, last or 0)


def test_a_span_knows_its_header() -> None:
    assert Span(5, 10).content_range(100) == "bytes 5-9/100"
    with pytest.raises(ValueError, match="span"):
        Span(5, 5)


@pytest.mark.parametrize(
    ("header", "matches"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ("*", True),
        ('"b"', False),
        ("", False),
        (None, False),
    ],
)
def test_entity_tags(header: str | None, matches: bool) -> None:
    assert etag_matches(header, '"a"') is matches


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x00\x00\x00\x18ftypisom", "video/mp4"),
        (b"\x00\x00\x00\x14ftypqt  ", "video/quicktime"),
        (b"\x00\x00\x00\x08wide", "video/quicktime"),
        (b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1fB\x86\x81\x01B\x82\x84webm", "video/webm"),
        (b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x23B\x82\x88matroska", "video/x-matroska"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "video/x-msvideo"),
        (b"G" + bytes(187) + b"G", "video/mp2t"),
        (b"OggS", "video/ogg"),
        (b"\x00\x00\x00\x18ftypM4A ", "audio/mp4"),
        (b"ID3\x04\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"fLaC\x00", "audio/flac"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"<html><script>", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_type_is_told_by_the_first_bytes(head: bytes, kind: str) -> None:
    assert content_type(head) == kind


@given(st.text(max_size=300))
def test_names_are_safe_in_headers_and_pages(given_name: str) -> None:
    name = display_name(given_name)
    header = content_disposition("inline", name)

    assert 1 <= len(name) <= 200
    assert name.replace("\u200c", "").replace("\u200d", "").isprintable()
    assert name == name.strip()
    assert "/" not in name
    assert "\\" not in name
    header.encode("latin-1")
    assert not set("\r\n") & set(header)
    assert header.count('"') == 2


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("می\u200cخواهم.mp4", "می\u200cخواهم.mp4"),
        ("👨\u200d👩\u200d👧\u200d👦.mp4", "👨\u200d👩\u200d👧\u200d👦.mp4"),
        ("evil\u202e4pm.jpg", "evil4pm.jpg"),
        ("\u200d\u200c", "video"),
        ("x" * 240 + ".mp4", "x" * 196 + ".mp4"),
        ("y" * 100 + ". " + "z" * 240, "y" * 100 + ". " + "z" * 98),
        ("." + "x" * 240, "." + "x" * 199),
    ],
)
def test_names_are_kept_as_they_are_spelled(given_name: str, shown: str) -> None:
    assert display_name(given_name) == shown


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.31.0.1", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::1", False),
        ("ff02::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@given(
    st.dictionaries(
        st.text("abcdefgh_-", min_size=1), st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
    )
)
def test_upload_metadata(values: dict[str, str]) -> None:
    header = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())

    assert tus.parse_metadata(header) == values


@given(st.text())
def test_upload_metadata_is_read_or_refused(header: str) -> None:
    with suppress(Problem):
        tus.parse_metadata(header)


@given(st.text())
def test_checksums_are_matched_or_refused(header: str) -> None:
    with pytest.raises(Problem) as refused:
        tus.check_checksum(header, b"data")
    assert refused.value.code in {"bad_checksum_header", "checksum_mismatch"}


def test_a_matching_checksum_passes() -> None:
    digest = base64.b64encode(hashlib.sha1(b"data").digest()).decode()

    tus.check_checksum(f"sha1 {digest}", b"data")
    tus.check_checksum(None, b"data")


def test_stream_positions_are_compared_as_numbers() -> None:
    assert newer("10-0", "9-0")
    assert newer("9-10", "9-9")
    assert not newer("9-9", "9-9")
    assert newer("1-0", "0-0")


def video(**values: Any) -> Video:
    row: dict[str, Any] = dict.fromkeys(Video.__dataclass_fields__)
    row |= {
        "id": "0" * 32, "state": VideoState.QUEUED, "filename": "a", "bytes": 1, "media_key": "k",
        "preset": "default", "settings": {}, "revision": 0, "chunks_done": 0, "attempt": 0, "created_at": NOW,
        "lease_epoch": 0, "cancel_requested": False, "version": 1,
    }  # fmt: skip
    return Video(**(row | values))


def test_progress_before_anything_is_known() -> None:
    assert progress_document(video(), {"fraction": 0.9}).fraction == 0.0


def test_progress_is_one_only_when_done() -> None:
    fusing = video(state=VideoState.FINALIZING, chunks_done=4, chunks_total=4, started_at=NOW)

    assert progress_document(fusing, {"fraction": 1.0}, NOW).fraction == 0.999
    assert progress_document(video(state=VideoState.DONE), None, NOW).fraction == 1.0


def test_progress_is_not_whole_while_a_new_result_is_waited_for() -> None:
    again = video(revision=1, timeline_id="t", chunks_done=4, chunks_total=4)

    assert progress_document(again, None, NOW).fraction == 0.999


def test_the_time_to_go_follows_from_the_pace() -> None:
    running = video(state=VideoState.RUNNING, chunks_done=1, chunks_total=4, started_at=NOW)

    assert progress_document(running, None, NOW + timedelta(seconds=10)).eta_s == 30.0


@pytest.mark.parametrize(
    "live", [{}, {"fraction": "x"}, {"fraction": -3}, {"fraction": 7.5}, {"eta_s": None}]
)
def test_odd_live_progress_does_no_harm(live: dict[str, Any]) -> None:
    running = video(state=VideoState.RUNNING, chunks_done=1, chunks_total=2, started_at=NOW)

    assert 0.5 <= progress_document(running, live, NOW).fraction <= 1.0


def test_what_was_probed_beyond_the_contract_stays_inside() -> None:
    media = {
        "duration_s": 1.0, "width": 2, "height": 2, "fps": 25.0, "frames": 25, "variable_frame_rate": False,
        "rotation": 90, "video_codec": "h264", "audio_codec": None, "path": "/secret",
    }  # fmt: skip

    document = media_document(media)

    assert document is not None
    assert "path" not in document.model_dump()
    assert document.rotation == 90


@given(
    st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=300),
    st.integers(1, 400),
)
def test_down_sampling_keeps_every_peak(values: list[float], points: int) -> None:
    low, high = spans(np.array(values, np.float32), points)

    assert len(low) == len(high) == min(points, len(values))
    assert min(v for v in low if v is not None) == pytest.approx(min(values), abs=1e-3)
    assert max(v for v in high if v is not None) == pytest.approx(max(values), abs=1e-3)


def test_what_was_not_measured_is_null() -> None:
    values = np.array([np.nan, np.nan, 1.0, 2.0], np.float32)

    assert spans(values, 2) == ([None, 1.0], [None, 2.0])
    assert spans(np.zeros(0, np.float32), 5) == ([], [])


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (NotFoundError("x"), "not_found", 404),
        (ConflictError("x"), "conflict", 409),
        (UnavailableError("x"), "unavailable", 503),
        (UnavailableError("x", code="storage_full"), "storage_full", 503),
        (UsageError("x", code="bad_cursor"), "bad_cursor", 400),
        (UsageError("x", code="not in the table"), "bad_request", 400),
        (ScenestreamError("x"), "internal", 500),
    ],
)
def test_errors_of_the_ground_floor_have_a_code(error: ScenestreamError, code: str, status: int) -> None:
    problem = from_error(error)

    assert (problem.code, problem.kind.status) == (code, status)
    assert ("Retry-After" in problem.headers) is (status == 503)


def test_declared_codes_are_those_of_the_table() -> None:
    document = declared(*CODES)

    assert set(document) == {kind.status for kind in CODES.values()}
    for code, kind in CODES.items():
        assert f"`{code}`" in document[kind.status]["description"]
