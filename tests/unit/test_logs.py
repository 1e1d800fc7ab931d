"""One form for all logs of a process."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from cluster.settings import Settings
from cluster.telemetry import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in logs.CHATTY}
    stream = io.StringIO()
    logs.configure(Settings(), stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, value in levels.items():
        logging.getLogger(name).setLevel(value)


def test_events_and_foreign_records_are_json_lines_with_what_is_bound(lines: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(video_id="v1", attempt=2):
        structlog.get_logger("ours").info("claimed", epoch=3)
        logging.getLogger("theirs").warning("slow by %d s", 4)
    structlog.get_logger("ours").info("idle")
    first, second, third = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert (first["event"], first["level"], first["logger"]) == ("claimed", "info", "ours")
    assert (first["video_id"], first["attempt"], first["epoch"]) == ("v1", 2, 3)
    assert (second["event"], second["level"], second["video_id"]) == ("slow by 4 s", "warning", "v1")
    assert "video_id" not in third
    assert third["timestamp"].endswith("Z")


def test_an_exception_is_one_line_with_its_traceback(lines: io.StringIO) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines.getvalue().splitlines()
    assert "ValueError: broken" in json.loads(line)["exception"]


def test_keys_and_signatures_are_left_out(lines: io.StringIO) -> None:
    key, link = f"sk_0123456789ab_{'k' * 43}", f"/media?expires=1&signature={'s' * 43}"
    logging.getLogger("theirs").warning("GET %s with %s", link, key)
    try:
        raise ValueError(key)
    except ValueError:
        structlog.get_logger().exception("failed", url=link)
    text = lines.getvalue()
    assert "k" * 43 not in text
    assert "s" * 43 not in text
    assert text.count("sk_0123456789ab…") == 2


def test_the_level_of_the_settings_counts_and_a_second_call_replaces_the_first(lines: io.StringIO) -> None:
    again = io.StringIO()
    logs.configure(Settings(log={"level": "WARNING"}), again)
    structlog.get_logger().info("hidden")
    structlog.get_logger().warning("shown")
    assert [json.loads(line)["event"] for line in again.getvalue().splitlines()] == ["shown"]
    assert lines.getvalue() == ""


def test_on_a_terminal_lines_are_for_people() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    try:
        logs.configure(Settings(), stream)
        structlog.get_logger().info("ready", port=8000)
    finally:
        structlog.reset_defaults()
        root = logging.getLogger()
        root.handlers[:] = [handler for handler in root.handlers if handler.get_name() != logs.HANDLER_NAME]
    assert "ready" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
