"""What an S3 server that misbehaves does to a request: answers that break off, drip or refuse."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cluster.stores.media.s3_requests import DRIVER_ERRORS, S3Requests, error_code

CONTENT = bytes(range(256)) * 400
PATIENCE: dict[str, Any] = {"connect_timeout": 2, "read_timeout": 2, "retries": {"max_attempts": 0}}

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Answers the n-th request with the n-th of `answers`, later ones with the last."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.close_connection = True
                answer = server.answers[min(len(server.asked), len(server.answers) - 1)]
                server.asked.append(self.path)
                with suppress(BrokenPipeError, ConnectionResetError):
                    answer(self)

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True


def begun(handler: BaseHTTPRequestHandler, status: int, bytes_: int) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(bytes_))
    handler.send_header("ETag", '"object"')
    handler.end_headers()


def whole(handler: BaseHTTPRequestHandler) -> None:
    begun(handler, 206, len(CONTENT))
    handler.wfile.write(CONTENT)


def half(handler: BaseHTTPRequestHandler) -> None:
    begun(handler, 206, len(CONTENT))
    handler.wfile.write(CONTENT[: len(CONTENT) // 2])


def drip(handler: BaseHTTPRequestHandler) -> None:
    begun(handler, 206, len(CONTENT))
    for byte in CONTENT:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.02)


def refused(status: int, code: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = f"<Error><Code>{code}</Code><Message>because</Message></Error>".encode()
        begun(handler, status, len(body))
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return answer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, args=(0.02,))
    thread.start()
    url = f"http://127.0.0.1:{server.http.server_address[1]}"
    values = {"ENDPOINT_URL": url, "DEFAULT_REGION": "us-east-1"}
    for name, value in (values | {"ACCESS_KEY_ID": "any", "SECRET_ACCESS_KEY": "any"}).items():
        monkeypatch.setenv(f"AWS_{name}", value)
    yield server
    server.http.shutdown()
    server.http.server_close()
    thread.join()


def requests(tries: int = 2) -> S3Requests:
    return S3Requests("bucket", PATIENCE, tries)


def get(tries: int = 2, **more: Any) -> bytes:
    return requests(tries).get("film.mp4", 0, len(CONTENT), **more)


def test_an_answer_that_breaks_off_is_asked_for_again(server: Server) -> None:
    server.answers = [half, whole]

    assert get() == CONTENT
    assert len(server.asked) == 2


def test_one_that_always_breaks_off_is_given_up(server: Server) -> None:
    server.answers = [half]

    with pytest.raises(DRIVER_ERRORS):
        get()
    assert len(server.asked) == 2
    with pytest.raises(DRIVER_ERRORS):
        get(tries=1)
    assert len(server.asked) == 3


def test_an_object_that_comes_too_slowly_is_given_up_in_time_and_not_asked_for_again(server: Server) -> None:
    server.answers = [drip]
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        get(within_s=0.5)

    assert 0.5 <= time.monotonic() - began < 10, "all of it would take half an hour"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind", "asked"),
    [
        (404, "NoSuchKey", FileNotFoundError, 1),
        (404, "NoSuchBucket", FileNotFoundError, 1),
        (403, "AccessDenied", PermissionError, 1),
        (403, "SignatureDoesNotMatch", PermissionError, 1),
        (403, "SomethingOfItsOwn", PermissionError, 1),
        (400, "ExpiredToken", PermissionError, 1),
        (412, "PreconditionFailed", OSError, 1),
        (416, "InvalidRange", OSError, 1),
        (503, "SlowDown", OSError, 2),
    ],
)
def test_what_the_server_calls_it_becomes_an_error_of_the_operating_systems_kinds(
    server: Server, status: int, code: str, kind: type[OSError], asked: int
) -> None:
    server.answers = [refused(status, code)]

    with pytest.raises(OSError, match="because") as caught:
        get()

    assert type(caught.value) is kind
    assert error_code(caught.value) == code
    assert len(server.asked) == asked


@pytest.mark.parametrize(("status", "kind"), [(404, FileNotFoundError), (403, PermissionError)])
def test_an_answer_to_head_has_only_its_status(server: Server, status: int, kind: type[OSError]) -> None:
    server.answers = [refused(status, "not sent")]

    with pytest.raises(kind) as caught:
        requests().head("film.mp4")

    assert error_code(caught.value) == str(status)


def test_threads_that_begin_at_once_share_one_driver(server: Server) -> None:
    server.answers = [whole]
    shared, together = requests(), threading.Barrier(8)

    def read(_: int) -> bytes:
        together.wait()
        return shared.get("film.mp4", 0, len(CONTENT))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(8))) == [CONTENT] * 8
    shared.close()
    assert shared.get("film.mp4", 0, len(CONTENT)) == CONTENT, "a driver is made again when it is needed"
