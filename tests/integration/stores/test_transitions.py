"""Which changes of state a video allows: each action in each situation, and then any sequence of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cluster.errors import ConflictError, NotFoundError
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.video import LEASED_STATES, LEGAL_TRANSITIONS, Video, VideoState
from tests.support.servers.stores import (
    LEASE_S,
    MAX_ATTEMPTS,
    SITUATIONS,
    create_video,
    expire_lease,
    try_claim,
    video_in,
    waiting_doorbells,
)

REFUSED = "refused"  # None or False from a lease holder's method
CONFLICT = "conflict"


Action = Callable[[Jobs, str, int], Any]

ACTIONS: dict[str, Action] = {
    "claim": lambda jobs, id_, epoch: try_claim(jobs, id_, "other"),
    "heartbeat": lambda jobs, id_, epoch: jobs.heartbeat([(id_, epoch)], LEASE_S),
    "record_media": lambda jobs, id_, epoch: jobs.record_media(id_, epoch, {"fps": 25}, 4, "h"),
    "record_progress": lambda jobs, id_, epoch: jobs.record_progress(id_, epoch, 2),
    "begin_finalizing": lambda jobs, id_, epoch: jobs.begin_finalizing(id_, epoch),
    "finish": lambda jobs, id_, epoch: jobs.finish(id_, epoch, 1, "t"),
    "fail": lambda jobs, id_, epoch: jobs.fail(id_, epoch, "decode_failed", "It broke."),
    "release": lambda jobs, id_, epoch: jobs.release(id_, epoch),
    "acknowledge_cancel": lambda jobs, id_, epoch: jobs.acknowledge_cancel(id_, epoch),
    "cancel": lambda jobs, id_, epoch: jobs.cancel(id_),
    "retry": lambda jobs, id_, epoch: jobs.retry(id_),
    "resegment": lambda jobs, id_, epoch: jobs.resegment(id_, {"min_shot_s": 1.0}, "talk"),
}
USERS_ACTIONS = ("cancel", "retry", "resegment")
HOLDERS_ACTIONS = tuple(name for name in ACTIONS if name != "claim" and name not in USERS_ACTIONS)

Q, R, F, D, E, C = (str(state) for state in VideoState)

# Columns in the order of SITUATIONS: the state afterwards, or how it is refused.
OUTCOMES: dict[str, tuple[str, ...]] = {
    # queued, running, finalizing, done, failed, cancelled, to be cancelled, then both with the lease expired
    "claim": (R, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, R, R),
    "heartbeat": (REFUSED, R, F, REFUSED, REFUSED, REFUSED, R, R, F),
    "record_media": (REFUSED, R, REFUSED, REFUSED, REFUSED, REFUSED, R, R, REFUSED),
    "record_progress": (REFUSED, R, REFUSED, REFUSED, REFUSED, REFUSED, R, R, REFUSED),
    "begin_finalizing": (REFUSED, F, F, REFUSED, REFUSED, REFUSED, F, F, F),
    "finish": (REFUSED, D, D, REFUSED, REFUSED, REFUSED, D, D, D),
    "fail": (REFUSED, E, E, REFUSED, REFUSED, REFUSED, E, E, E),
    "release": (REFUSED, Q, Q, REFUSED, REFUSED, REFUSED, C, Q, Q),
    "acknowledge_cancel": (REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, C, REFUSED, REFUSED),
    "cancel": (C, R, F, CONFLICT, CONFLICT, C, R, C, C),
    "retry": (CONFLICT, CONFLICT, CONFLICT, CONFLICT, Q, Q, CONFLICT, CONFLICT, CONFLICT),
    "resegment": (CONFLICT, CONFLICT, CONFLICT, Q, CONFLICT, CONFLICT, CONFLICT, CONFLICT, CONFLICT),
}
CASES = [
    (action, situation, outcome)
    for action, outcomes in OUTCOMES.items()
    for situation, outcome in zip(SITUATIONS, outcomes, strict=True)
]


@pytest.mark.parametrize(("action", "situation", "outcome"), CASES)
def test_what_an_action_does_in_a_situation(jobs: Jobs, action: str, situation: str, outcome: str) -> None:
    before = video_in(jobs, situation)
    if outcome == CONFLICT:
        with pytest.raises(ConflictError):
            ACTIONS[action](jobs, before.id, before.lease_epoch)
        assert jobs.get(before.id) == before
        return
    answer = ACTIONS[action](jobs, before.id, before.lease_epoch)
    after = jobs.get(before.id)
    if outcome == REFUSED:
        assert not answer
        assert after == before
    else:
        assert answer
        assert after.state == outcome


@pytest.mark.parametrize("action", HOLDERS_ACTIONS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_an_epoch_that_was_never_given_out_or_is_over_changes_nothing(
    jobs: Jobs, action: str, situation: str
) -> None:
    before = video_in(jobs, situation)
    for epoch in (before.lease_epoch - 1, before.lease_epoch + 1):
        assert not ACTIONS[action](jobs, before.id, epoch)
    assert jobs.get(before.id) == before


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_video_can_be_deleted_in_every_situation(jobs: Jobs, situation: str) -> None:
    video = video_in(jobs, situation)
    assert jobs.delete(video.id) == video
    for action in HOLDERS_ACTIONS:
        assert not ACTIONS[action](jobs, video.id, video.lease_epoch)
    for action in USERS_ACTIONS:
        with pytest.raises(NotFoundError):
            ACTIONS[action](jobs, video.id, video.lease_epoch)
    with pytest.raises(NotFoundError):
        jobs.delete(video.id)
    assert try_claim(jobs, video.id, "other") is None


def test_a_retried_video_starts_afresh_and_is_rung_for(jobs: Jobs) -> None:
    video = video_in(jobs, "failed")
    again = jobs.retry(video.id)
    assert (again.attempt, again.error_code, again.error_message, again.finished_at) == (0, None, None, None)
    assert again.lease_epoch == video.lease_epoch
    assert waiting_doorbells(jobs) == [video.id]


def test_a_video_segmented_anew_keeps_what_was_made_of_it_and_is_rung_for(jobs: Jobs) -> None:
    video = video_in(jobs, "done")
    again = jobs.resegment(video.id, {"min_shot_s": 2.0}, "talk")
    assert (again.settings, again.preset) == ({"min_shot_s": 2.0}, "talk")
    assert (again.attempt, again.started_at, again.finished_at) == (0, None, None)
    kept = ("media", "tracks_hash", "timeline_id", "revision", "chunks_total", "lease_epoch", "created_at")
    assert [getattr(again, name) for name in kept] == [getattr(video, name) for name in kept]
    assert waiting_doorbells(jobs) == [video.id]


def test_a_released_video_is_rung_for_and_has_lost_no_attempt(jobs: Jobs) -> None:
    video = video_in(jobs, "running")
    assert jobs.release(video.id, video.lease_epoch)
    assert jobs.get(video.id).attempt == 0
    assert waiting_doorbells(jobs) == [video.id]


def test_a_cancelled_release_is_not_rung_for(jobs: Jobs) -> None:
    video = video_in(jobs, "running, to be cancelled")
    assert jobs.release(video.id, video.lease_epoch)
    assert jobs.get(video.id).state is VideoState.CANCELLED
    assert waiting_doorbells(jobs) == []


def test_the_holder_sees_at_its_heartbeat_that_it_shall_stop(jobs: Jobs) -> None:
    video = video_in(jobs, "running")
    assert jobs.cancel(video.id).cancel_requested
    held = (video.id, video.lease_epoch)
    assert jobs.heartbeat([held], LEASE_S) == {held: True}
    assert jobs.acknowledge_cancel(video.id, video.lease_epoch)
    assert not jobs.get(video.id).cancel_requested


class AnySequence(RuleBasedStateMachine):
    """One video under any sequence of actions by holders old and new: only legal transitions ever happen."""

    jobs: Jobs

    @initialize()
    def create(self) -> None:
        self.video = create_video(self.jobs)
        self.epochs = [0]

    def act(self, action: Callable[[], Any]) -> Any:
        before = self.video
        try:
            answer = action()
        except ConflictError:
            answer = None
        self.video = self.jobs.get(before.id)
        if self.video.state is not before.state:
            assert self.video.state in LEGAL_TRANSITIONS[before.state]
        return answer

    @rule()
    def claim(self) -> None:
        before = self.video
        claimed: Video | None = self.act(lambda: try_claim(self.jobs, self.video.id, "any"))
        if claimed is not None:
            assert before.attempt < MAX_ATTEMPTS or before.chunks_done > 0
            assert claimed.lease_epoch > max(self.epochs)
            self.epochs.append(claimed.lease_epoch)

    @rule(name=st.sampled_from(HOLDERS_ACTIONS), which=st.integers(0, 3))
    def hold(self, name: str, which: int) -> None:
        epoch = self.epochs[max(0, len(self.epochs) - 1 - which)]
        before = self.video
        answer = self.act(lambda: ACTIONS[name](self.jobs, self.video.id, epoch))
        if epoch != before.lease_epoch or before.state not in LEASED_STATES:
            assert not answer
            assert self.video == before

    @rule(name=st.sampled_from(USERS_ACTIONS))
    def ask(self, name: str) -> None:
        self.act(lambda: ACTIONS[name](self.jobs, self.video.id, 0))

    @rule()
    def time_passes(self) -> None:
        if self.video.state in LEASED_STATES:
            self.act(lambda: expire_lease(self.jobs, self.video.id))

    @rule()
    def reap(self) -> None:
        self.act(lambda: self.jobs.reap(MAX_ATTEMPTS))

    @invariant()
    def the_row_makes_sense(self) -> None:
        video = self.video
        assert video.attempt <= MAX_ATTEMPTS
        assert video.is_final == (video.finished_at is not None)
        assert (video.state in LEASED_STATES) == (video.lease_owner is not None)
        assert not (video.cancel_requested and video.state not in LEASED_STATES)
        assert (video.error_code is not None) == (video.state is VideoState.FAILED)


def test_any_sequence_of_actions_keeps_to_the_legal_transitions(jobs: Jobs) -> None:
    AnySequence.jobs = jobs
    run_state_machine_as_test(
        AnySequence,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
