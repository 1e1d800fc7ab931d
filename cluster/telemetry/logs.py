"""Structured logs for every process: JSON lines for machines, readable lines on a terminal.

structlog's events and the standard library's records (of Ray, pika, uvicorn) go through one handler, in one
format, to standard error. Knows no particular event; does not rotate files.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

from cluster.settings import Settings

HANDLER_NAME = "scenestream"
# Loggers that write a line for every request, or for every attempt to reach a server that is starting, and
# the lowest level that is kept of each. Our own modules log the change of state instead.
CHATTY = {
    "pika": logging.CRITICAL,
    "httpx": logging.WARNING,
    "pymongo": logging.WARNING,
    "opentelemetry": logging.ERROR,
}

# An API key and the signature of a signed link, also inside a traceback or a library's record.
_SECRET = re.compile(r"(sk_[0-9a-f]{12})_[A-Za-z0-9_-]{20,}|(\bsignature=)[A-Za-z0-9_-]{20,}")


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Redacts secrets (API keys, signatures of links) in the finished line."""

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub(lambda found: f"{found[1] or found[2]}…", super().format(record))


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Send all logs of this process to `stream` (default: standard error); a second call replaces the first.

    Readable if the stream is a terminal and `log.json_lines` is off; else a JSON object a line with `event`,
    `level`, `timestamp` (UTC), `logger` and the values that structlog's context variables hold.
    """
    target = stream or sys.stderr
    readable = target.isatty() and not settings.log.json_lines
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if readable else "iso", utc=not readable),
        structlog.processors.StackInfoRenderer(),
    ]
    ending: list[Processor]
    if readable:
        ending = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    else:
        ending = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.set_name(HANDLER_NAME)
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    for old in [known for known in root.handlers if known.get_name() == HANDLER_NAME]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(settings.log.level.upper())
    for name, level in CHATTY.items():
        logging.getLogger(name).setLevel(level)
