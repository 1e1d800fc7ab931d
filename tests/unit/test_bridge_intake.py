"""Doorbells become jobs: claimed once, bounded in number, handed back at a stop."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge.control import Control, Reason
from actors.bridge.intake import Intake
from cluster.errors import UnavailableError
from cluster.stores.broker import Doorbell

LIMIT_S = 30.0


class WaitingJob:
    """Stands for a video in flight: ends when told to, or when released."""

    def __init__(self, video: Any) -> None:
        self.video = video
        self.epoch = video.lease_epoch
        self.control = Control()
        self.released = threading.Event()
        self.control.aborted.add_done_callback(lambda _: self.released.set())

    def run(self) -> None:
        self.released.wait(LIMIT_S)


class Valve:
    """A consumer as the intake sees it."""

    def __init__(self) -> None:
        self.open = True

    def pause(self) -> None:
        self.open = False

    def resume(self) -> None:
        self.open = True


class Claims:
    """Grants every claim with the next epoch, unless told otherwise."""

    def __init__(self) -> None:
        self.epoch = 0
        self.grant = True
        self.error: Exception | None = None

    def __call__(self, video_id: str) -> Any:
        if self.error is not None:
            raise self.error
        if not self.grant:
            return None
        self.epoch += 1
        return SimpleNamespace(id=video_id, lease_epoch=self.epoch)


@pytest.fixture
def claims() -> Claims:
    return Claims()


@pytest.fixture
def intake(claims: Claims) -> Intake:
    return Intake(claims, WaitingJob, max_videos=2)  # type: ignore[arg-type]


def bell(name: str) -> Doorbell:
    return Doorbell(f"video-{name}")


def until_jobs(intake: Intake, count: int) -> None:
    for _ in range(int(LIMIT_S / 0.01)):
        if len(intake.jobs()) == count:
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{len(intake.jobs())} jobs, not {count}")


def test_a_claimed_video_is_in_flight_until_its_job_ends(intake: Intake) -> None:
    assert intake.ring(bell("one"))
    (job,) = intake.jobs()
    assert job.video.id == "video-one"
    job.released.set()  # type: ignore[attr-defined]
    until_jobs(intake, 0)


def test_a_doorbell_nobody_needs_is_acknowledged(intake: Intake, claims: Claims) -> None:
    claims.grant = False
    assert intake.ring(bell("one"))
    assert intake.jobs() == []


def test_a_full_bridge_puts_doorbells_back_and_pauses_until_there_is_room(intake: Intake) -> None:
    valve = Valve()
    intake.attach(valve)
    assert intake.ring(bell("one"))
    assert valve.open
    assert intake.ring(bell("two"))
    assert not valve.open
    assert not intake.ring(bell("three"))
    intake.jobs()[0].released.set()  # type: ignore[attr-defined]
    until_jobs(intake, 1)
    assert valve.open
    assert intake.ring(bell("three"))


def test_a_claim_that_fails_takes_no_place(intake: Intake, claims: Claims) -> None:
    claims.error = UnavailableError("away")
    for _ in range(5):
        with pytest.raises(UnavailableError):
            intake.ring(bell("one"))
    claims.error = None
    assert intake.ring(bell("one"))
    assert intake.ring(bell("two"))


def test_claiming_a_video_again_ends_our_own_earlier_job(intake: Intake) -> None:
    intake.ring(bell("one"))
    (earlier,) = intake.jobs()
    intake.ring(bell("one"))
    assert earlier.control.reason is Reason.LOST
    until_jobs(intake, 1)
    assert intake.jobs()[0].epoch == 2


def test_a_stop_hands_everything_back_and_takes_nothing_new(intake: Intake) -> None:
    intake.ring(bell("one"))
    intake.ring(bell("two"))
    jobs = intake.jobs()
    assert intake.stop(LIMIT_S)
    assert [job.control.reason for job in jobs] == [Reason.STOPPED, Reason.STOPPED]
    assert not intake.ring(bell("three"))
