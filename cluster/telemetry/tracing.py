"""Traces from the upload to the last segment, sent by OTLP over HTTP when an address for them is set.

Without an address no package is loaded and every call here does nothing. The tracer provider is a private one
and not the process's global one, because Ray uses OpenTelemetry's global provider itself. The parent of a
span travels as W3C `traceparent` text through rows and tasks. Sampling, headers and the resource come from
the usual OTEL_* variables. Knows no store and no task.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cluster.errors import InvalidSettingsError
from cluster.settings import TracingSettings

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider

SEND_EVERY_MS = 1000  # so that the trace of a running video can be watched; OpenTelemetry's default is 5000
SEND_TIMEOUT_S = 2.0  # all tries of one export: a collector that is away must not delay the end of a process
_TRACES_PATH = "/v1/traces"

_provider: TracerProvider | None = None


class OpenSpan:
    """A span that has not ended yet. Without tracing its methods do nothing."""

    def __init__(self, span: Any = None) -> None:
        self._span = span

    def set(self, **attributes: Any) -> None:
        """Sets attributes of the span; their names get the prefix `scenestream.`."""
        if self._span is not None:
            self._span.set_attributes(_named(attributes))

    def rename(self, name: str) -> None:
        """Replaces the name, where it was not known at the start of the span."""
        if self._span is not None:
            self._span.update_name(name)

    def failed(self, reason: str) -> None:
        """Marks the span as failed, for an error that is no exception."""
        if self._span is not None:
            from opentelemetry.trace import Status, StatusCode

            self._span.set_status(Status(StatusCode.ERROR, reason))


_NOTHING = OpenSpan()


def configure(settings: TracingSettings, service: str) -> None:
    """Sets tracing up; call it once a process, before its first span.

    InvalidSettingsError when the packages are missing. A second call changes nothing: a process is one
    service.
    """
    global _provider
    if not settings.endpoint or _provider is not None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise InvalidSettingsError(
            f"Traces are to be sent to {settings.endpoint}, but the packages for that are missing: "
            "pip install 'scenestream[tracing]'."
        ) from error
    exporter = OTLPSpanExporter(settings.endpoint.rstrip("/") + _TRACES_PATH, timeout=SEND_TIMEOUT_S)
    resource = Resource.create({"service.name": f"scenestream-{service}"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=SEND_EVERY_MS))
    _provider = provider


def shutdown() -> None:
    """Sends the remaining spans and ends tracing until `configure` is called again."""
    global _provider
    provider, _provider = _provider, None
    if provider is not None:
        provider.shutdown()


@contextmanager
def span(name: str, *, parent: str = "", **attributes: Any) -> Iterator[OpenSpan]:
    """A span around the block; its parent is `parent` (a traceparent), else the span that is open here."""
    if _provider is None:
        yield _NOTHING
        return
    tracer = _provider.get_tracer(__name__)
    context = _context_of(parent) if parent else None
    with tracer.start_as_current_span(name, context=context, attributes=_named(attributes)) as opened:
        yield OpenSpan(opened)


def record(name: str, since: datetime, *, parent: str, **attributes: Any) -> None:
    """Records a span that began at `since`, perhaps in another process, and ends now. Nothing without
    `parent`.
    """
    if _provider is None or not parent:
        return
    tracer = _provider.get_tracer(__name__)
    begun = tracer.start_span(
        name,
        context=_context_of(parent),
        attributes=_named(attributes),
        start_time=round(min(since, datetime.now(UTC)).timestamp() * 1e9),
    )
    begun.end()


@contextmanager
def under(parent: str) -> Iterator[None]:
    """Makes `parent` the context of the block, so that `traceparent` gives it; empty: changes nothing."""
    if _provider is None or not parent:
        yield
        return
    from opentelemetry import context

    token = context.attach(_context_of(parent))
    try:
        yield
    finally:
        context.detach(token)


def traceparent() -> str:
    """The open span as W3C text, to be handed to another process; "" without one."""
    if _provider is None:
        return ""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent", "")


def _context_of(parent: str) -> Context:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent})


def _named(attributes: dict[str, Any]) -> dict[str, Any]:
    return {f"scenestream.{name}": value for name, value in attributes.items() if value is not None}
