"""A broker that accepts connections and says nothing, as a paused one does: an error like any other."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cluster.errors import UnavailableError
from cluster.local import part_supervisor, probes
from cluster.local.errors import NotReadyError
from cluster.local.part_supervisor import ExternalMonitor, PartSupervisor
from cluster.local.state import PartHealth
from cluster.stores.rabbitmq import connection


@pytest.fixture
def silent_url() -> Iterator[str]:
    """The address of a listener that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepted: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    accepted.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"amqp://guest:guest@127.0.0.1:{listener.getsockname()[1]}/%2F"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for one in accepted:
            one.close()


def test_a_connection_ends_in_an_error_of_the_broker(
    silent_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_HANDSHAKE_TIMEOUT_S", 0.2)

    with pytest.raises(connection.BROKER_ERRORS, match="AMQPConnectorStackTimeout"):
        connection.connect(silent_url, "test")
    with pytest.raises(UnavailableError, match="RabbitMQ does not answer"):
        connection.declare_topology(silent_url)


def test_a_probe_says_that_it_is_not_ready(silent_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "TIMEOUT_S", 0.2)

    with pytest.raises(NotReadyError, match="RabbitMQ does not answer"):
        probes.rabbitmq(silent_url)


class Board:
    """Keeps what was put for each part, and ends `until` after some of it."""

    def __init__(self, until: Any, states: int) -> None:
        self.told: list[tuple[PartHealth, str]] = []
        self.file = SimpleNamespace(parts={"broker": SimpleNamespace(state=PartHealth.HEALTHY, restarts=0)})
        self.until = until
        self._states = states

    def put(self, _part: str, *, state: PartHealth, detail: str = "", **_other: object) -> None:
        self.told.append((state, detail))
        if len(self.told) >= self._states:
            self.until().end()


class Runner:
    """A part that runs well and whose probe meets an error that nobody thought of, then none."""

    log_file = Path("broker.log")
    identity = None
    detail = "started"

    def __init__(self) -> None:
        self.answers: list[str | Exception] = [RuntimeError("odd"), "RabbitMQ 3.10"]
        self.stops = 0
        self.part = SimpleNamespace(name="broker", probe=self.probe)

    def probe(self) -> str:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def start(self, _stopping: object) -> None: ...

    def dead(self) -> None: ...

    def stop(self) -> None:
        self.stops += 1


def test_an_error_that_nobody_thought_of_neither_ends_the_supervisor_nor_stops_the_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(part_supervisor, "WATCH_INTERVAL_S", 0.001)
    monkeypatch.setattr(part_supervisor, "PROBE_INTERVAL_S", 0.002)
    runner = Runner()
    board = Board(lambda: supervisor, states=4)
    supervisor = PartSupervisor(runner, board, needs=())  # type: ignore[arg-type]

    supervisor.run()

    assert [state for state, _ in board.told[:4]] == [
        PartHealth.STARTING, PartHealth.HEALTHY, PartHealth.UNRESPONSIVE, PartHealth.HEALTHY,
    ]  # fmt: skip
    assert "odd" in board.told[2][1]
    assert runner.stops == 1  # at the end, which was asked for


def test_a_server_is_not_restarted_for_errors_that_say_nothing_about_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(part_supervisor, "WATCH_INTERVAL_S", 0.001)
    monkeypatch.setattr(part_supervisor, "PROBE_INTERVAL_S", 0.002)
    monkeypatch.setattr(part_supervisor, "HANGS_AFTER_S", 0.0)
    runner = Runner()
    runner.answers = [RuntimeError("odd")]
    board = Board(lambda: supervisor, states=8)
    supervisor = PartSupervisor(runner, board, needs=())  # type: ignore[arg-type]

    supervisor.run()

    assert [state for state, _ in board.told[2:8]] == [PartHealth.UNRESPONSIVE] * 6
    assert runner.stops == 1


def test_a_monitor_of_an_external_server_goes_on_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_supervisor, "PROBE_INTERVAL_S", 0.001)
    board = Board(lambda: monitor, states=2)
    monitor = ExternalMonitor("broker", Runner().probe, board)  # type: ignore[arg-type]

    monitor.run()

    assert [state for state, _ in board.told] == [PartHealth.UNREACHABLE, PartHealth.HEALTHY]
