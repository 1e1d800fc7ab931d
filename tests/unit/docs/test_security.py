"""SECURITY.md: it names every port and every open address, and nothing local listens for others."""

from __future__ import annotations

import re

from cluster.local.ports import LOOPBACK
from serve_app.access.auth_middleware import OPEN_PATHS, is_open
from tests.support.documents import ROOT, codes, read, section, table, tables
from tests.support.openapi import operations

NAME = "configs/SECURITY.md"
PARTS = sorted((ROOT / "cluster" / "local" / "parts").glob("*.py"))
CLASS_NAME = re.compile(r'name: ClassVar\[str\] = "(\w+)"')
PORT = re.compile(r'port\("([\w-]+)"\)')


def test_every_port_of_the_local_stack_is_in_the_table() -> None:
    told = {code for row in tables(section(read(NAME), "Who can reach what"))[0] for code in codes(row[1])}
    used: set[str] = set()
    for path in PARTS:
        text = path.read_text(encoding="utf-8")
        used |= set(PORT.findall(text))
        if "port(self.name)" in text or ".address" in text:
            used |= set(CLASS_NAME.findall(text))

    assert used - told == set()
    assert told - used == {"http.port"}


def test_no_part_of_the_local_stack_listens_at_every_address() -> None:
    texts = [path.read_text(encoding="utf-8") for path in PARTS]

    assert LOOPBACK == "127.0.0.1"
    assert [path.name for path, text in zip(PARTS, texts, strict=True) if "0.0.0.0" in text] == []


def test_the_addresses_that_need_no_key_are_those_that_are_told() -> None:
    text = section(read(NAME), "Who can reach what").partition("Without a key answer")[2]
    told = set(codes(text.partition(". What")[0])) - {"OPTIONS"}
    calls = {(one.method, one.path) for one in operations() if one.method != "OPTIONS"}
    open_calls = {call for call in calls if is_open(*call)}
    named = {path if method == "GET" else f"{method} {path}" for method, path in open_calls}

    assert told == {*OPEN_PATHS, "DELETE /session"}
    assert named == told - {"/openapi.json"}


def test_each_defence_names_what_holds_it() -> None:
    rows = table(section(read(NAME), "What is defended"))

    assert len(rows) >= 10
    assert [row[0] for row in rows if not re.search(r"`[\w/]+\.py` \(`\w+`\)", row[2])] == []
