"""A receiver of OTLP over HTTP: what a collector would take, kept as plain spans."""

from __future__ import annotations

import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from cluster.telemetry import tracing


@dataclass(frozen=True)
class Span:
    trace: str
    id: str
    parent: str
    service: str
    name: str
    attributes: dict[str, Any]
    start_ns: int
    end_ns: int


class Receiver:
    """`url` is what OTEL_EXPORTER_OTLP_ENDPOINT is set to; `spans` what came."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: list[Span] = []
        self.lock = threading.Lock()

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        found = []
        for of_service in request.resource_spans:
            resource = {one.key: one.value.string_value for one in of_service.resource.attributes}
            for scope in of_service.scope_spans:
                for span in scope.spans:
                    values = {
                        one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes
                    }
                    found.append(
                        Span(
                            span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(),
                            resource["service.name"], span.name, values,
                            span.start_time_unix_nano, span.end_time_unix_nano,
                        )
                    )  # fmt: skip
        with self.lock:
            self.spans += found

    def trace_of(self, video_id: str) -> list[Span]:
        """All spans of the traces in which the video is named."""
        with self.lock:
            spans = list(self.spans)
        traces = {span.trace for span in spans if span.attributes.get("scenestream.video_id") == video_id}
        return [span for span in spans if span.trace in traces]


@contextmanager
def trace_receiver() -> Iterator[Receiver]:
    """Listens until the block ends; afterwards this process traces nothing any more."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            receiver.take(body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        tracing.shutdown()
        server.shutdown()
        server.server_close()
