"""Structured logs for every process: JSON lines for machines, readable lines on a terminal.

structlog events and the standard library's records (Ray's, pika's, uvicorn's) leave through one handler in
one form, on standard error. Knows nothing about who logs what; does not rotate files.
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
# They tell about every request, or about every attempt to reach a server that is starting: our own
# modules log the change of state instead.
CHATTY = {
    "pika": logging.CRITICAL,
    "httpx": logging.WARNING,
    "pymongo": logging.WARNING,
    "opentelemetry": logging.ERROR,
}

# An API key and a link's signature, wherever in a line they come from: a traceback, a library's record.
_SECRET = re.compile(r"(sk_[0-9a-f]{12})_[A-Za-z0-9_-]{20,}|(\bsignature=)[A-Za-z0-9_-]{20,}")


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Leaves out of a finished line what would let its reader in."""

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub(lambda found: f"{found[1] or found[2]}…", super().format(record))


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Send all logs of this process to `stream` (default: standard error); a second call replaces the first.

    Readable if the stream is a terminal and `log.json_lines` is off; else a JSON object a line with `event`,
    `level`, `timestamp` (UTC), `logger` and what is bound by `bound`.
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
