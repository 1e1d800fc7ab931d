"""The Python client where no API answers, or answers oddly: what is tried again, and for how long."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cluster.client import AsyncClient, Client
from cluster.errors import NotFoundError, UnavailableError, UsageError

JSON, PROBLEM = "application/json", "application/problem+json"


@dataclass
class Answer:
    status: int
    kind: str = JSON
    text: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)


def problem(status: int, code: str, **headers: str) -> Answer:
    return Answer(status, PROBLEM, json.dumps({"code": code, "detail": f"{code} it is"}), headers)


def page(ids: list[str], next_cursor: str | None = None, revision: int = 1) -> Answer:
    items = [{"id": one} for one in ids]
    listed = {"items": items, "next_cursor": next_cursor, "state": "final", "revision": revision}
    return Answer(200, text=json.dumps(listed))


PROXY_HAS_NO_ROUTE = Answer(404, "text/plain", "Path '/api/v1/videos/v' not found. Ping http://.../-/routes")
REPLICA_DIED = Answer(500, "text/plain", "Internal Server Error")
DONE = Answer(200, text=json.dumps({"id": "v", "state": "done"}))
LATER = problem(503, "unavailable", **{"Retry-After": "0"})


class Scripted(ThreadingHTTPServer):
    """Gives its answers one after the other, the last one for ever; keeps what it was asked."""

    daemon_threads = True
    answers: list[Answer]
    asked: list[tuple[str, str, dict[str, str]]]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Scripted)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(answer.status)
        headers = {"Content-Type": answer.kind, "Content-Length": str(len(answer.text.encode()))}
        for name, value in (headers | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.text.encode())

    do_POST = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Nothing on stderr."""


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted(("127.0.0.1", 0), Handler) as listening:
        listening.asked = []
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@pytest.fixture
def url(server: Scripted) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url) as made:
        yield made


def test_an_api_that_is_started_anew_is_waited_for(server: Scripted, client: Client) -> None:
    server.answers = [PROXY_HAS_NO_ROUTE, REPLICA_DIED, DONE]
    assert client.wait("v", poll_s=0.01)["state"] == "done"


def test_a_video_that_is_gone_is_not_waited_for(server: Scripted, client: Client) -> None:
    server.answers = [problem(404, "not_found"), DONE]
    with pytest.raises(NotFoundError, match="not_found it is"):
        client.wait("v", poll_s=0.01)


def test_patience_ends(server: Scripted, client: Client) -> None:
    server.answers = [PROXY_HAS_NO_ROUTE]
    with pytest.raises(UnavailableError, match="No API answers at http://127"):
        client.wait("v", poll_s=0.01, patience_s=0.0)


def test_what_changes_nothing_is_asked_again(server: Scripted, client: Client) -> None:
    server.answers = [LATER, LATER, DONE]
    assert client.video("v")["id"] == "v"
    assert len(server.asked) == 3


def test_a_call_that_changes_something_is_made_once(server: Scripted, client: Client) -> None:
    server.answers = [LATER, DONE]
    with pytest.raises(UnavailableError, match="unavailable it is"):
        client.cancel("v")
    assert len(server.asked) == 1


def test_a_creating_call_is_repeated_with_the_same_key(server: Scripted, client: Client) -> None:
    server.answers = [LATER, DONE]
    client.import_url("https://example.org/film.mp4")
    keys = [headers["Idempotency-Key"] for _, _, headers in server.asked]
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_a_server_that_wants_to_be_left_alone_for_long_is(server: Scripted, client: Client) -> None:
    server.answers = [problem(429, "rate_limited", **{"Retry-After": "3600"}), DONE]
    with pytest.raises(UnavailableError, match="rate_limited"):
        client.video("v")


def test_a_listing_begins_again_when_its_cursor_is_gone(server: Scripted, client: Client) -> None:
    server.answers = [page(["a", "b"], "c1"), problem(400, "bad_cursor"), page(["b", "a", "c"])]
    assert [video["id"] for video in client.videos()] == ["a", "b", "c"]


def test_a_bad_cursor_without_a_cursor_is_an_error(server: Scripted, client: Client) -> None:
    server.answers = [problem(400, "bad_cursor")]
    with pytest.raises(UsageError, match="bad_cursor"):
        list(client.videos())


@pytest.mark.parametrize("how", [problem(400, "bad_cursor"), page(["new 2"], revision=2)])
def test_segments_are_of_one_revision(server: Scripted, client: Client, how: Answer) -> None:
    server.answers = [page(["old"], "c1"), how, page(["new 1", "new 2"], revision=2)]
    assert [segment["id"] for segment in client.segments("v")] == ["new 1", "new 2"]  # type: ignore[typeddict-item]


BROKEN_STREAM = Answer(200, "text/event-stream", "id: 1-0\nevent: progress\ndata: {}\n\n: still here\n\n")
LAST_STREAM = Answer(200, "text/event-stream", 'id: 2-0\nevent: done\ndata: {"state":"done"}\n\nid: 3-0\n\n')


def test_events_go_on_after_a_break(server: Scripted, client: Client) -> None:
    server.answers = [BROKEN_STREAM, LATER, LAST_STREAM]
    seen = [(event.id, event.type) for event in client.events("v")]
    assert seen == [("1-0", "progress"), ("2-0", "done")]
    assert [headers.get("Last-Event-ID") for _, _, headers in server.asked] == [None, "1-0", "1-0"]


def test_the_asynchronous_client_does_the_same(server: Scripted, url: str) -> None:
    async def use() -> tuple[str, list[str], list[str]]:
        async with AsyncClient(url) as client:
            server.answers = [LATER, DONE]
            state = (await client.wait("v", poll_s=0.01))["state"]
            server.answers = [page(["a"], "c1"), page(["b"])]
            ids = [video["id"] async for video in client.videos(q="film")]
            server.answers = [BROKEN_STREAM, LAST_STREAM]
            return state, ids, [event.type async for event in client.events("v")]

    assert asyncio.run(use()) == ("done", ["a", "b"], ["progress", "done"])


def test_both_clients_name_the_server_that_does_not_answer(url: str, server: Scripted) -> None:
    server.server_close()
    with Client(url) as client, pytest.raises(UnavailableError, match="No answer from http://127"):
        client.cancel("v")

    async def ask() -> None:
        async with AsyncClient(url) as asynchronous:
            await asynchronous.cancel("v")

    with pytest.raises(UnavailableError, match="No answer from http://127"):
        asyncio.run(ask())


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("key", ["sk_é", "sk_1\nX-Other: 1"])
def test_a_key_that_no_header_can_have_is_refused_with_a_sentence(
    kind: type[Client] | type[AsyncClient], key: str
) -> None:
    with pytest.raises(UsageError, match="no API key"):
        kind("http://127.0.0.1:1", api_key=key)


def test_a_correction_whose_starts_are_no_mappings_is_named_before_it_is_sent() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(UsageError, match=r"^shots\[1\] is 120; "):
        client.correct("0" * 32, revision=1, shots=[{"start_frame": 0}, 120])  # type: ignore[list-item]
