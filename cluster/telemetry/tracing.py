"""Traces from the upload to the last segment, sent by OTLP over HTTP when an address for them is set.

Without an address nothing is loaded and every call here is an empty one. The provider is ours alone, not the
process's: Ray has its own use for OpenTelemetry. What a span belongs to travels as W3C `traceparent` text
through rows and tasks. Sampling, headers and the resource come from the usual OTEL_* variables. Knows no
store and no task.
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

SEND_EVERY_MS = 1000  # who follows a video wants to see it now
SEND_TIMEOUT_S = 2.0  # with all its tries: a collector that is away must not hold up the end of a process
_TRACES_PATH = "/v1/traces"

_provider: TracerProvider | None = None


class OpenSpan:
    """A span that is open. Without tracing it takes everything and keeps nothing."""

    def __init__(self, span: Any = None) -> None:
        self._span = span

    def set(self, **attributes: Any) -> None:
        """Attributes; names get the prefix `scenestream.`."""
        if self._span is not None:
            self._span.set_attributes(_named(attributes))

    def rename(self, name: str) -> None:
        """A name that was not known when it began."""
        if self._span is not None:
            self._span.update_name(name)

    def failed(self, reason: str) -> None:
        """It ended in an error that was no exception."""
        if self._span is not None:
            from opentelemetry.trace import Status, StatusCode

            self._span.set_status(Status(StatusCode.ERROR, reason))


_NOTHING = OpenSpan()


def configure(settings: TracingSettings, service: str) -> None:
    """To be called once a process, before its first span. InvalidSettingsError when the packages are missing.

    A second call changes nothing: a process is one service.
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
    """Send what is left and end; afterwards nothing is traced until `configure` is called again."""
    global _provider
    provider, _provider = _provider, None
    if provider is not None:
        provider.shutdown()


@contextmanager
def span(name: str, *, parent: str = "", **attributes: Any) -> Iterator[OpenSpan]:
    """What happens in the block, below `parent` (traceparent) or else below the span that is open here."""
    if _provider is None:
        yield _NOTHING
        return
    tracer = _provider.get_tracer(__name__)
    context = _context_of(parent) if parent else None
    with tracer.start_as_current_span(name, context=context, attributes=_named(attributes)) as opened:
        yield OpenSpan(opened)


def record(name: str, since: datetime, *, parent: str, **attributes: Any) -> None:
    """Something that began at `since` and has ended now, in however many processes."""
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
    """In the block, `traceparent` gives `parent`, unless that is empty."""
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
    """The span that is open here, to be handed to another process; "" without one."""
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
