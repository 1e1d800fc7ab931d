"""Publishing and hearing doorbells over a real RabbitMQ."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pika
import pytest

from cluster.errors import UnavailableError
from cluster.stores.ids import new_id
from cluster.stores.rabbitmq.broker import (
    MAX_DOORBELL_BYTES,
    BrokerNames,
    Consumer,
    Doorbell,
    Publisher,
    declare_topology,
    queue_depths,
)
from tests.support.servers.private import SessionServers
from tests.support.servers.stores import wait_until
from tests.support.servers.tcp_proxy import TcpProxy, through


@pytest.fixture
def url(session_servers: SessionServers) -> str:
    return session_servers.url("rabbitmq")


@pytest.fixture
def names(url: str) -> Iterator[BrokerNames]:
    """Queues of the test's own."""
    names = BrokerNames(prefix=f"test-{new_id()[:8]}")
    declare_topology(url, names)
    yield names
    with channel_to(url) as channel:
        channel.queue_delete(names.queue)
        channel.queue_delete(names.dead_queue)
        channel.exchange_delete(names.dead_exchange)


@contextmanager
def channel_to(url: str) -> Iterator[pika.adapters.blocking_connection.BlockingChannel]:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        yield connection.channel()


class Heard:
    """A handler that remembers, and answers as told."""

    def __init__(self, answer: bool = True) -> None:
        self.answer = answer
        self.ids: list[str] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, doorbell: Doorbell) -> bool:
        self.ids.append(doorbell.video_id)
        assert self.may_go_on.wait(60)
        return self.answer


def ring(url: str, names: BrokerNames, *ids: str) -> None:
    with Publisher(url, names=names) as publisher:
        publisher.publish([Doorbell(video_id) for video_id in ids])


def new_ids(number: int) -> list[str]:
    return [new_id() for _ in range(number)]


def test_what_is_published_is_heard_and_acknowledged(url: str, names: BrokerNames) -> None:
    ids = new_ids(20)
    heard = Heard()
    ring(url, names, *ids)
    assert queue_depths(url, names.queue) == (20,)
    with Consumer(url, heard, 4, names=names):
        wait_until(lambda: len(heard.ids) == 20)
    assert sorted(heard.ids) == sorted(ids)
    assert queue_depths(url, names.queue) == (0,)


def test_messages_outlive_the_publisher_because_they_are_persistent_json(
    url: str, names: BrokerNames
) -> None:
    ring(url, names, "video-0001")
    with channel_to(url) as channel:
        _, properties, body = channel.basic_get(names.queue, auto_ack=True)
    assert body == b'{"v":1,"video_id":"video-0001"}'
    assert properties.delivery_mode == pika.DeliveryMode.Persistent.value
    assert properties.content_type == "application/json"


def test_an_idle_publisher_whose_connection_broke_publishes_all_the_same(
    url: str, names: BrokerNames
) -> None:
    with (
        TcpProxy(urlsplit(url).port or 5672) as proxy,
        Publisher(through(url, proxy), names=names) as publisher,
    ):
        publisher.publish([Doorbell("video-0001")])
        proxy.cut()
        publisher.publish([Doorbell("video-0002")])
        assert queue_depths(url, names.queue) == (2,)


def test_a_queue_that_was_deleted_is_made_again_by_the_publisher(url: str, names: BrokerNames) -> None:
    with Publisher(url, names=names) as publisher:
        publisher.publish([Doorbell("video-0001")])
        with channel_to(url) as channel:
            channel.queue_delete(names.queue)
        publisher.publish([Doorbell("video-0002")])
        assert queue_depths(url, names.queue) == (1,)


def test_a_publisher_says_when_the_broker_is_away(names: BrokerNames) -> None:
    with (
        Publisher("amqp://guest:guest@127.0.0.1:1/", names=names) as publisher,
        pytest.raises(UnavailableError, match="RabbitMQ"),
    ):
        publisher.publish([Doorbell("video-0001")])
    with pytest.raises(UnavailableError, match="closed"):
        publisher.publish([Doorbell("video-0001")])
    with pytest.raises(UnavailableError, match="RabbitMQ"):
        queue_depths("amqp://guest:guest@127.0.0.1:1/", names.queue)


def test_a_queue_that_refuses_messages_makes_publishing_fail(url: str, names: BrokerNames) -> None:
    full = BrokerNames(prefix=f"{names.prefix}-full")
    with Publisher(url, names=full) as publisher:
        publisher.publish([Doorbell("video-0001")])
        with channel_to(url) as channel:
            channel.queue_delete(full.queue)
            channel.queue_declare(
                full.queue, durable=True, arguments={"x-max-length": 0, "x-overflow": "reject-publish"}
            )
        with pytest.raises(UnavailableError, match="did not take"):
            publisher.publish([Doorbell("video-0002")])
        with channel_to(url) as channel:
            channel.queue_delete(full.queue)
            channel.queue_delete(full.dead_queue)
            channel.exchange_delete(full.dead_exchange)


@pytest.mark.parametrize(
    "body",
    [b"", b"garbage", b"\xff\xfe", b'{"v":2,"video_id":"video-0001"}', b'{"v":1}', b"[" * 1000, b" " * 9000],
)
def test_garbage_is_dead_lettered_and_harms_nobody(url: str, names: BrokerNames, body: bytes) -> None:
    assert len(body) > MAX_DOORBELL_BYTES or len(body) <= 1000
    heard = Heard()
    with channel_to(url) as channel:
        channel.basic_publish("", names.queue, body)
    ring(url, names, "video-0001")
    with Consumer(url, heard, 1, names=names):
        wait_until(lambda: heard.ids == ["video-0001"])
    wait_until(lambda: queue_depths(url, names.dead_queue) == (1,))
    assert queue_depths(url, names.queue) == (0,)


def test_a_doorbell_that_was_not_handled_rings_again(url: str, names: BrokerNames) -> None:
    heard = Heard(answer=False)
    ring(url, names, "video-0001")
    with Consumer(url, heard, 1, names=names, redeliver_after_s=0.05):
        wait_until(lambda: len(heard.ids) >= 2)
        heard.answer = True
        wait_until(lambda: queue_depths(url, names.queue) == (0,))


def test_a_handler_that_raises_does_not_lose_the_doorbell(url: str, names: BrokerNames) -> None:
    calls: list[str] = []

    def stumble(doorbell: Doorbell) -> bool:
        calls.append(doorbell.video_id)
        if len(calls) == 1:
            raise UnavailableError("PostgreSQL is away")
        if len(calls) == 2:
            raise RuntimeError("a bug")
        return True

    ring(url, names, "video-0001")
    with Consumer(url, stumble, 1, names=names, redeliver_after_s=0.05):
        wait_until(lambda: len(calls) == 3)
    assert queue_depths(url, names.queue) == (0,)


def test_one_that_is_never_handled_ends_in_the_dead_letter_queue(url: str, names: BrokerNames) -> None:
    heard = Heard(answer=False)
    ring(url, names, "video-0001")
    with Consumer(url, heard, 1, names=names, redeliver_after_s=0.001):
        wait_until(lambda: queue_depths(url, names.dead_queue) == (1,))
    assert len(heard.ids) > 10


def test_a_paused_consumer_holds_nothing_back(url: str, names: BrokerNames) -> None:
    full, free = Heard(answer=False), Heard()
    with Consumer(url, full, 2, names=names, redeliver_after_s=600.0) as consumer:
        wait_until(lambda: consumer.is_consuming)
        ring(url, names, *new_ids(6))
        wait_until(lambda: len(full.ids) == 2)
        consumer.pause()
        wait_until(lambda: not consumer.is_consuming)
        with Consumer(url, free, 2, names=names):
            wait_until(lambda: len(free.ids) == 6)
        full.answer = True
        consumer.resume()
        ring(url, names, "video-0001")
        wait_until(lambda: full.ids[-1] == "video-0001")


def test_doorbells_under_way_are_answered_after_a_pause(url: str, names: BrokerNames) -> None:
    heard = Heard()
    heard.may_go_on.clear()
    ring(url, names, "video-0001")
    with Consumer(url, heard, 1, names=names) as consumer:
        wait_until(lambda: len(heard.ids) == 1)
        consumer.pause()
        wait_until(lambda: not consumer.is_consuming)
        heard.may_go_on.set()
    assert queue_depths(url, names.queue) == (0,)


def test_no_more_are_taken_than_can_be_handled(url: str, names: BrokerNames) -> None:
    heard = Heard()
    heard.may_go_on.clear()
    ring(url, names, *new_ids(10))
    with Consumer(url, heard, 3, names=names) as consumer:
        wait_until(lambda: len(heard.ids) == 3)
        wait_until(lambda: consumer.depth() == 7)
        heard.may_go_on.set()
        wait_until(lambda: len(heard.ids) == 10)


def test_the_consumer_survives_a_broken_connection(url: str, names: BrokerNames) -> None:
    heard = Heard()
    with (
        TcpProxy(urlsplit(url).port or 5672) as proxy,
        Consumer(through(url, proxy), heard, 2, names=names) as consumer,
    ):
        wait_until(lambda: consumer.is_consuming)
        proxy.cut()
        ring(url, names, "video-0001")
        wait_until(lambda: heard.ids == ["video-0001"])
    assert queue_depths(url, names.queue) == (0,)


def test_an_answer_that_comes_after_its_connection_is_lost_harms_nothing(
    url: str, names: BrokerNames
) -> None:
    heard = Heard()
    heard.may_go_on.clear()
    ring(url, names, "video-0001")
    with (
        TcpProxy(urlsplit(url).port or 5672) as proxy,
        Consumer(through(url, proxy), heard, 2, names=names) as consumer,
    ):
        wait_until(lambda: len(heard.ids) == 1)
        proxy.cut()
        wait_until(lambda: len(heard.ids) == 2)
        heard.may_go_on.set()
        wait_until(lambda: consumer.is_consuming)
    assert heard.ids == ["video-0001"] * 2
    assert queue_depths(url, names.queue) == (0,)


def test_the_consumer_notices_that_its_channel_was_closed(url: str, names: BrokerNames) -> None:
    heard = Heard()
    with Consumer(url, heard, 2, names=names) as consumer:
        wait_until(lambda: consumer.is_consuming)
        session = consumer._session
        assert session is not None
        # Acknowledging what was never delivered makes the broker close the channel, and nothing raises here.
        session._connection.add_callback_threadsafe(lambda: session._channel.basic_ack(999))
        wait_until(lambda: consumer._session is not session)
        ring(url, names, "video-0001")
        wait_until(lambda: heard.ids == ["video-0001"])


def test_the_consumer_notices_that_its_queue_was_deleted(url: str, names: BrokerNames) -> None:
    heard = Heard()
    with Consumer(url, heard, 2, names=names) as consumer:
        wait_until(lambda: consumer.is_consuming)
        session = consumer._session
        with channel_to(url) as channel:
            channel.queue_delete(names.queue)
        wait_until(lambda: consumer.is_consuming and consumer._session is not session)
        ring(url, names, "video-0001")
        wait_until(lambda: heard.ids == ["video-0001"])


def test_the_consumer_notices_that_its_queue_was_deleted_and_made_again_at_once(
    url: str, names: BrokerNames
) -> None:
    heard = Heard()
    ids = new_ids(3)
    with Consumer(url, heard, 2, names=names) as consumer:
        wait_until(lambda: consumer.is_consuming)
        with channel_to(url) as channel:
            channel.queue_delete(names.queue)
            declare_topology(url, names)
        ring(url, names, *ids)
        wait_until(lambda: set(heard.ids) == set(ids))


def test_a_consumer_whose_broker_never_comes_can_be_stopped(names: BrokerNames) -> None:
    with Consumer("amqp://guest:guest@127.0.0.1:1/", Heard(), 1, names=names) as consumer:
        assert consumer.depth() is None
        assert not consumer.is_consuming
