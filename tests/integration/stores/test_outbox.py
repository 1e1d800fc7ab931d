"""The outbox between PostgreSQL and RabbitMQ: nothing is lost, whichever of them goes away when."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from cluster.errors import UnavailableError
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.rabbitmq.broker import BrokerNames, Consumer, Doorbell, Publisher
from tests.support.servers.private import SessionServers
from tests.support.servers.stores import create_video, wait_until, waiting_doorbells


def test_doorbells_are_handed_over_oldest_first_and_forgotten(jobs: Jobs) -> None:
    ids = [create_video(jobs).id for _ in range(5)]
    published: list[str] = []

    def publish(doorbells: Sequence[Doorbell]) -> None:
        published.extend(doorbell.video_id for doorbell in doorbells)

    assert jobs.relay(publish, limit=3) == 3
    assert jobs.relay(publish, limit=3) == 2
    assert jobs.relay(publish, limit=3) == 0
    assert published == ids


def test_an_empty_outbox_does_not_bother_the_broker(jobs: Jobs) -> None:
    def publish(doorbells: Sequence[Doorbell]) -> None:
        pytest.fail("nothing to publish")

    assert jobs.relay(publish) == 0


def test_a_publish_that_fails_keeps_the_doorbells(jobs: Jobs) -> None:
    ids = [create_video(jobs).id for _ in range(3)]

    def publish_fails(doorbells: Sequence[Doorbell]) -> None:
        raise UnavailableError("RabbitMQ is away")

    with pytest.raises(UnavailableError):
        jobs.relay(publish_fails)
    assert waiting_doorbells(jobs) == ids


def test_relays_at_once_share_the_work_and_wait_for_nobody(jobs: Jobs) -> None:
    ids = {create_video(jobs).id for _ in range(4)}
    taken: list[set[str]] = []
    both = threading.Barrier(2)

    def publish(doorbells: Sequence[Doorbell]) -> None:
        taken.append({doorbell.video_id for doorbell in doorbells})
        both.wait(60)  # passes only if both relays are inside their transaction

    threads = [threading.Thread(target=jobs.relay, args=(publish, 2)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken[0] | taken[1] == ids
    assert not taken[0] & taken[1]


def test_nothing_is_rung_for_a_video_whose_creation_failed(jobs: Jobs) -> None:
    video = create_video(jobs)
    with pytest.raises(Exception, match="duplicate key"):
        create_video(jobs, video_id=video.id)
    assert waiting_doorbells(jobs) == [video.id]


def test_while_rabbitmq_is_away_no_doorbell_is_lost(jobs: Jobs, session_servers: SessionServers) -> None:
    servers = session_servers.start(["postgres", "rabbitmq"])
    url = servers.urls["rabbitmq"]
    names = BrokerNames(prefix="test-away")
    heard: list[str] = []

    def hear(doorbell: Doorbell) -> bool:
        heard.append(doorbell.video_id)
        return True

    def relayed() -> bool:
        try:
            jobs.relay(publisher.publish)
        except UnavailableError:
            return False
        return not waiting_doorbells(jobs)

    with Publisher(url, names=names) as publisher, Consumer(url, hear, 4, names=names) as consumer:
        before = create_video(jobs).id
        assert relayed()
        wait_until(lambda: heard == [before])
        servers.halt("rabbitmq")
        while_away = [create_video(jobs).id for _ in range(3)]
        try:
            with pytest.raises(UnavailableError):
                jobs.relay(publisher.publish)
            assert waiting_doorbells(jobs) == while_away
        finally:
            servers.restart("rabbitmq")
        wait_until(relayed)
        wait_until(lambda: set(while_away) <= set(heard) and consumer.is_consuming)
