"""The Python client where no API answers: what a proxy without one says, and how long it is waited for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cluster import client as client_module
from cluster.client import Client
from cluster.errors import NotFoundError, UnavailableError

PROXY_HAS_NO_ROUTE = (404, "text/plain", "Path '/api/v1/videos/v' not found. Ping http://.../-/routes")
REPLICA_DIED = (500, "text/plain", "Internal Server Error")
NO_SUCH_VIDEO = (404, "application/problem+json", json.dumps({"code": "not_found", "detail": "No video v."}))
DONE = (200, "application/json", json.dumps({"id": "v", "state": "done"}))

Answer = tuple[int, str, str]


class Scripted(HTTPServer):
    """Gives its answers one after the other, the last one for ever."""

    answers: list[Answer]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Scripted)
        answers = self.server.answers
        status, kind, text = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Nothing on stderr."""


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@pytest.fixture
def client(server: Scripted) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{server.server_port}") as made:
        yield made


def test_an_api_that_is_started_anew_is_waited_for(server: Scripted, client: Client) -> None:
    server.answers = [PROXY_HAS_NO_ROUTE, REPLICA_DIED, DONE]
    assert client.wait("v", poll_s=0.01)["state"] == "done"


def test_a_video_that_is_gone_is_not_waited_for(server: Scripted, client: Client) -> None:
    server.answers = [NO_SUCH_VIDEO, DONE]
    with pytest.raises(NotFoundError, match="No video v"):
        client.wait("v", poll_s=0.01)


def test_patience_ends(server: Scripted, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "OUTAGE_PATIENCE_S", 0.0)
    server.answers = [PROXY_HAS_NO_ROUTE]
    with pytest.raises(UnavailableError, match="No API answers at http://127"):
        client.wait("v", poll_s=0.01)
