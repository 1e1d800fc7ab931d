"""GET …/frames over real stores. The fuser is not there: the test answers for it, or calls what it calls."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from actors.tasks import Task
from actors.worker.fusing import FusionHandler
from actors.worker.library import LibraryAnalyser
from actors.worker.state import WorkState
from cluster.client import Client
from cluster.contract.protocol import API_PREFIX
from cluster.errors import UnavailableError
from cluster.settings import LimitSettings
from cluster.stores.media.cache import MediaCache
from serve_app.routes import frames as route
from serve_app.videos import fuser as asking
from serve_app.videos.fuser import FuserOutcome
from tests.support.api import running as support
from tests.support.api.running import Api, done_video, finish_work, start_work
from tests.support.media import Picture, make_media
from tests.support.servers.stores import execute

api = support.running_api

STEPS = [3000, 3000, 6000, 1500, 1500, 3000]
"""A phone: six frames, from 1.4 s on, in units of 1/90000 s."""


class Fuser:
    """Tells the times two runs at a time."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.refuses: FuserOutcome | None = None

    def __call__(self, video: Any, settings: Mapping[str, Any], *, from_frame: int) -> FuserOutcome:
        self.asked.append((video.id, from_frame))
        if self.refuses:
            return self.refuses
        if from_frame >= len(STEPS):
            return FuserOutcome(error_code="no_frame", message=f"This video has no frame {from_frame}.")
        runs, following = {0: ([[3000, 2], [6000, 1]], 3), 3: ([[1500, 2], [3000, 1]], None)}[from_frame]
        return FuserOutcome(
            {
                "time_base": [1, 90_000],
                "frames": len(STEPS),
                "first_frame": from_frame,
                "first_pts": 126_000 + sum(STEPS[:from_frame]),
                "runs": runs,
                "next_frame": following,
            }
        )


@pytest.fixture
def fuser(monkeypatch: pytest.MonkeyPatch) -> Fuser:
    fuser = Fuser()
    monkeypatch.setattr(route, "frames_of", lambda _: fuser)
    return fuser


def test_the_times_come_part_by_part(api: Api, fuser: Fuser) -> None:
    done = done_video(api)
    first = api.client.get(f"/videos/{done}/frames")
    assert first.json() == {
        "time_base": [1, 90_000],
        "frames": 6,
        "first_frame": 0,
        "first_pts": 126_000,
        "runs": [[3000, 2], [6000, 1]],
        "next_frame": 3,
    }
    second = api.client.get(f"/videos/{done}/frames", params={"from_frame": 3})
    assert (second.json()["first_pts"], second.json()["next_frame"]) == (138_000, None)
    assert first.headers["etag"] != second.headers["etag"]
    assert fuser.asked == [(done, 0), (done, 3)]


def test_the_client_reads_all_parts(api: Api, fuser: Fuser) -> None:
    done = done_video(api)
    with Client(api.url.removesuffix(API_PREFIX)) as client:
        told = client.frame_times(done)
    assert told["runs"] == [[3000, 2], [6000, 1], [1500, 2], [3000, 1]]
    assert (told["first_frame"], told["next_frame"]) == (0, None)


@pytest.mark.parametrize("other", [{"frames": 7}, {"first_pts": 138_001}, {"time_base": [1, 1000]}])
def test_the_client_joins_no_parts_of_two_analyses(
    api: Api, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]
) -> None:
    fuser = Fuser()

    def answer(video: Any, settings: Mapping[str, Any], *, from_frame: int) -> FuserOutcome:
        told = fuser(video, settings, from_frame=from_frame)
        return FuserOutcome({**told.result, **other}) if from_frame else told

    monkeypatch.setattr(route, "frames_of", lambda _: answer)
    done = done_video(api)
    with (
        Client(api.url.removesuffix(API_PREFIX)) as client,
        pytest.raises(UnavailableError, match="analysed anew"),
    ):
        client.frame_times(done)


def test_times_that_are_known_are_not_sent_again(api: Api, fuser: Fuser) -> None:
    done = done_video(api)
    answer = api.client.get(f"/videos/{done}/frames")
    assert answer.headers["cache-control"] == "private, no-cache"
    tag = answer.headers["etag"]
    again = api.client.get(f"/videos/{done}/frames", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert len(fuser.asked) == 1
    other = api.client.get(f"/videos/{done_video(api)}/frames", headers={"If-None-Match": tag})
    assert other.status_code == 200


def resegmented(api: Api, video_id: str, stream: int, tracks_hash: str) -> int:
    """Has a bridge begin to decode it again for another stream: the row is of the new analysis. The epoch."""
    api.services.jobs.resegment(video_id, {"preset": "default", "video_stream": stream}, "default")
    return start_work(api, video_id, tracks_hash=tracks_hash)


def test_while_another_stream_is_decoded_the_frames_are_those_of_the_shown_result(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    fuser = Fuser()

    def answer(video: Any, settings: Mapping[str, Any], *, from_frame: int) -> FuserOutcome:
        asked.append((video.tracks_hash, dict(settings)))
        return fuser(video, settings, from_frame=from_frame)

    monkeypatch.setattr(route, "frames_of", lambda _: answer)
    done = done_video(api)
    first = api.client.get(f"/videos/{done}/frames")

    epoch = resegmented(api, done, 1, "t2")
    assert api.services.jobs.get(done).tracks_hash == "t2"
    meanwhile = api.client.get(f"/videos/{done}/frames")
    assert meanwhile.headers["etag"] == first.headers["etag"]
    assert asked[1] == asked[0]
    assert asked[0][0] == "t1"

    finish_work(api, done, epoch, revision=2)
    after = api.client.get(f"/videos/{done}/frames", headers={"If-None-Match": first.headers["etag"]})
    assert after.status_code == 200
    assert (asked[2][0], asked[2][1]["video_stream"]) == ("t2", 1)


def test_an_earlier_result_of_another_stream_has_its_own_frames(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(video: Any, settings: Mapping[str, Any], *, from_frame: int) -> FuserOutcome:
        asked.append(video.tracks_hash)
        return Fuser()(video, settings, from_frame=from_frame)

    monkeypatch.setattr(route, "frames_of", lambda _: answer)
    done = done_video(api)
    finish_work(api, done, resegmented(api, done, 1, "t2"), revision=2)
    api.client.post(f"/videos/{done}/revisions/1/choose").raise_for_status()

    assert api.client.get(f"/videos/{done}/frames").status_code == 200
    assert asked == ["t1"]


def test_where_nobody_knows_from_which_analysis_a_result_is_that_is_said(api: Api, fuser: Fuser) -> None:
    done = done_video(api)
    execute(api.services.jobs, "UPDATE revisions SET tracks_hash = NULL WHERE video_id = %(id)s", id=done)

    answer = api.client.get(f"/videos/{done}/frames")

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "Segment the video again" in answer.json()["detail"]
    assert fuser.asked == []


def test_before_the_result_there_are_none(api: Api, fuser: Fuser) -> None:
    waiting = api.make()
    assert api.client.get(f"/videos/{waiting}/frames").json()["code"] == "not_ready"
    start_work(api, waiting)
    answer = api.client.get(f"/videos/{waiting}/frames")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert fuser.asked == []


def test_what_is_not_stored_any_more_is_said_to_be(api: Api, fuser: Fuser) -> None:
    fuser.refuses = FuserOutcome(error_code="plan_missing", message="It is gone. Segment it again.")
    answer = api.client.get(f"/videos/{done_video(api)}/frames")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert answer.json()["detail"] == "It is gone. Segment it again."
    assert "etag" not in answer.headers


@pytest.mark.parametrize("frame", ["6", "-1", "x", "99999999999"])
def test_a_frame_that_is_not_there_is_named(api: Api, fuser: Fuser, frame: str) -> None:
    answer = api.client.get(f"/videos/{done_video(api)}/frames", params={"from_frame": frame})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["where"] == "query.from_frame"


def test_without_a_fuser_it_is_to_be_tried_again(api: Api) -> None:
    answer = api.client.get(f"/videos/{done_video(api)}/frames")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "retry-after" in answer.headers


@pytest.mark.parametrize("name", ["phone.mp4", "phone.mkv"])
def test_from_a_file_to_the_client_the_times_are_those_of_its_frames(
    api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """Only Ray is left out: the fuser's handler reads the plan of a recording, as planning stores it."""
    starts = [Fraction(7, 5)]
    for frame in range(80):
        step = Fraction(1, 10 if 30 <= frame < 50 else 30)
        starts.append(starts[-1] + step + Fraction(frame * 37 % 11, 1000))
    path = make_media(tmp_path / name, Picture(shots=(80,), time_of=lambda frame: starts[frame]))
    analyser = LibraryAnalyser(device="cpu", threads=1, limits=LimitSettings())
    results = api.services.results
    handler = FusionHandler(analyser, results, api.services.media, MediaCache(tmp_path / "copies", 0))
    monkeypatch.setattr(
        asking,
        "call_fuser",
        lambda _namespace, task, _timeout_s: handler.do(Task.from_dict(task), WorkState()).to_dict(),
    )
    video_id = api.make(content=path.read_bytes())
    tracks_hash = analyser.tracks_hash({"preset": "default"})
    finish_work(api, video_id, start_work(api, video_id, tracks_hash=tracks_hash))
    video = api.services.jobs.get(video_id)

    assert api.client.get(f"/videos/{video_id}/frames").json()["code"] == "conflict"
    planned = analyser.plan(path, {"preset": "default"}, lambda: False)
    results.put_plan(video.tracks_key, tracks_hash, planned.payload)
    with Client(api.url.removesuffix(API_PREFIX)) as client:
        told = client.frame_times(video_id)

    numerator, denominator = told["time_base"]
    found, pts = [], told["first_pts"]
    for step, count in told["runs"]:
        found += [(pts + step * n) * numerator / denominator for n in range(count)]
        pts += step * count
    assert found == pytest.approx([float(start) for start in starts[:80]], abs=0.0006)
    assert api.client.get(f"/videos/{video_id}/frames", params={"from_frame": 80}).status_code == 422
