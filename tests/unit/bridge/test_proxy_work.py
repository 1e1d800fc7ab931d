"""A proxy against a pool and stores that answer as told: pieces, the join, and room for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge.admission import AdmissionClass
from actors.bridge.clips.desk import begun, class_of
from actors.bridge.clips.proxy import CODE_PROXY_FAILED, ProxyWork
from actors.bridge.clips.work import ClipWork
from actors.tasks import Outcome, Task, TaskKind
from cluster.clips.proxies import OPTIONS, pieces_of
from cluster.stores.media.keys import proxy_key
from cluster.stores.postgres.clips.job import ClipFile, ClipState
from tests.support.bridge import AnsweringPool, Remembering, row

EPOCH = 3
QUOTA = 1000
MEDIA = {"video_codec": "mpeg2video", "frames": 2000, "duration_s": 80.0, "start_s": 0.5}
OLD = "videos/old/clips/old"


def encoded(task: Task) -> Outcome:
    return Outcome.done(bytes=10 if "pieces" not in task.clip else 25, sha256="0" * 64)


class Setting:
    def __init__(self, media: dict[str, Any] = MEDIA, recorded: tuple[int, ...] = ()) -> None:
        self.pool = AnsweringPool(encoded)
        self.files = {place: ClipFile(place, True, {"bytes": 10}) for place in recorded}
        self.clips = Remembering(
            files=lambda _: [self.files[place] for place in sorted(self.files)],
            put_file=self._put,
            get=lambda _: SimpleNamespace(state=ClipState.RUNNING, lease_epoch=EPOCH),
            finish=True,
            fail=True,
        )
        self.proxies = Remembering(measure=True, evict=[OLD])
        self.media = Remembering()
        video = row("video-1", media=media, priority="interactive", owner="anna", traceparent=None)
        wanted = pieces_of(media)
        self.job: Any = SimpleNamespace(
            id="proxy-1", video_id="video-1", lease_epoch=EPOCH, total=max(1, len(wanted)), wanted=wanted,
            options=dict(OPTIONS), media_key="m", tracks_key="video-1", tracks_hash="t", purpose="proxy",
            priority="batch", key=lambda name: f"here/{name}", prefix="here",
            proxy_key=proxy_key("video-1", "proxy-1"),
        )  # fmt: skip
        jobs = SimpleNamespace(clips=self.clips, proxies=self.proxies, get=lambda _: video)
        services: Any = SimpleNamespace(jobs=jobs, media=self.media, pool=self.pool, proxy_quota_bytes=QUOTA)
        self.work = ProxyWork(self.job, services)

    def _put(self, _id: str, _epoch: int, place: int, entry: dict[str, Any], *, made: bool) -> bool:
        self.files[place] = ClipFile(place, made, entry)
        return True


def test_pieces_are_encoded_then_joined_and_removed() -> None:
    setting = Setting()

    setting.work.run()

    *pieces, join = setting.pool.asked
    assert {task.kind for task in setting.pool.asked} == {TaskKind.PROXY}
    assert {task.priority for task in setting.pool.asked} == {"batch"}, "its own, not that of the video"
    assert [(task.chunk, task.clip["start_frame"], task.clip["end_frame"]) for task in pieces] == [
        (0, 0, 750),
        (1, 750, 1500),
        (2, 1500, 2000),
    ]
    assert join.chunk == 3
    assert join.clip == {
        "video_id": "video-1",
        "key": proxy_key("video-1", "proxy-1"),
        "pieces": [[task.clip["key"], task.clip["start_frame"]] for task in pieces],
    }
    assert setting.proxies.calls == [("measure", "proxy-1", EPOCH, 25), ("evict", QUOTA)]
    assert setting.clips.names()[-1] == "finish"
    assert setting.media.calls == [
        ("delete", "videos/video-1/clips/proxy-1/pieces"),
        ("delete", OLD),
    ]


def test_pieces_that_are_stored_are_not_made_again() -> None:
    setting = Setting(recorded=(0, 2))

    setting.work.run()

    assert [task.chunk for task in setting.pool.asked] == [1, 3]
    assert setting.work.left_s == 0


def test_sound_alone_takes_one_task() -> None:
    setting = Setting({**MEDIA, "video_codec": None})

    setting.work.run()

    (join,) = setting.pool.asked
    assert (join.chunk, join.clip["pieces"]) == (0, [])
    assert "finish" in setting.clips.names()


@pytest.mark.parametrize("failing", [1, 3])
def test_what_cannot_be_encoded_fails_the_proxy_with_the_reason(failing: int) -> None:
    setting = Setting()

    def answer(task: Task) -> Outcome:
        return Outcome.error("nothing_decodes", "No frame.") if task.chunk == failing else encoded(task)

    setting.pool.answer = answer

    setting.work.run()

    code = CODE_PROXY_FAILED if failing == 1 else "nothing_decodes"
    assert setting.clips.calls[-1] == ("fail", "proxy-1", EPOCH, code, "No frame.")
    assert setting.proxies.calls == []


def test_files_that_cannot_be_removed_do_not_fail_it() -> None:
    setting = Setting()

    def away(_prefix: str) -> None:
        raise OSError(5, "the disk is away")

    setting.media.answers["delete"] = away

    setting.work.run()

    assert "fail" not in setting.clips.names()
    assert setting.media.names() == ["delete", "delete"]


def test_a_lost_lease_measures_and_finishes_nothing() -> None:
    setting = Setting()
    setting.proxies.answers["measure"] = False
    setting.clips.answers["get"] = lambda _: SimpleNamespace(state=ClipState.RUNNING, lease_epoch=EPOCH + 1)

    setting.work.run()

    assert "finish" not in setting.clips.names()
    assert "evict" not in setting.proxies.names()


def test_an_order_is_worked_on_by_its_purpose() -> None:
    services: Any = SimpleNamespace(jobs=SimpleNamespace(clips=None), pool=None)
    order = Setting().job

    assert type(begun(order, services)) is ProxyWork
    assert class_of(order) is AdmissionClass.BATCH
    order.priority = "interactive"
    assert class_of(order) is AdmissionClass.HEAVY, "few pieces, but a whole film"
    order.purpose = "clips"
    assert type(begun(order, services)) is ClipWork
    assert class_of(order) is AdmissionClass.LIGHT
