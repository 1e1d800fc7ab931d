"""Addresses that may be connected to, names that change their mind, secrets and signatures."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from typing import Any

import pytest
from standardwebhooks import Webhook

from cluster.remote.addresses import AddressRules, is_public, resolve
from cluster.remote.errors import AddressRefusedError, SourceBrokeError
from cluster.remote.line import Line
from cluster.remote.opened import SourceRules
from cluster.remote.post import post
from cluster.remote.source import check_source, open_source
from cluster.remote.webhook_signing import parse_secret, shown, signed_headers
from tests.support.servers.sources import web_server


def answering(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """The name server gives each answer once."""
    waiting = list(answers)

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port)) for found in waiting.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])

    target = resolve("https://films.example:8443/a.mp4?b=1", AddressRules(), 5)

    assert target.url == "https://93.184.215.14:8443/a.mp4?b=1"
    assert (target.host_header, target.extensions) == (
        "films.example:8443", {"sni_hostname": "films.example"},
    )  # fmt: skip
    with pytest.raises(AddressRefusedError):  # asked again, as every connection does
        resolve("https://films.example:8443/a.mp4", AddressRules(), 5)


def test_one_private_address_among_several_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["93.184.215.14", "10.0.0.1"])

    with pytest.raises(AddressRefusedError):
        resolve("http://films.example/", AddressRules(), 5)


def test_private_networks_are_allowed_where_the_operator_says_so() -> None:
    rules = AddressRules((ipaddress.ip_network("10.1.0.0/16"),))

    assert rules.allow(ipaddress.ip_address("10.1.2.3"))
    assert not rules.allow(ipaddress.ip_address("10.2.2.3"))


def test_refused_networks_are_refused_even_where_they_would_be_allowed() -> None:
    network = ipaddress.ip_network("10.1.0.0/16")
    rules = AddressRules((network,), (network, ipaddress.ip_network("93.184.215.0/24")))

    for text in ("10.1.2.3", "93.184.215.14", "::ffff:93.184.215.14"):
        assert not rules.allow(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["fec0::1", "168.63.129.16", "::ffff:168.63.129.16", "192.0.0.192"])
def test_what_only_an_inside_reaches_is_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


def test_a_name_server_that_does_not_answer_is_within_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        over.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)

    with pytest.raises(SourceBrokeError, match="within"):
        post("http://films.example/", b"", {}, AddressRules(), 0.1)
    over.set()


def test_headers_that_never_end_are_not_waited_for() -> None:
    local = AddressRules((ipaddress.ip_network("127.0.0.1/32"),))
    rules = SourceRules(local, connect_timeout_s=1.0, idle_timeout_s=3.0)  # no pause is that long

    with (
        web_server() as web,
        pytest.raises(SourceBrokeError, match="too long"),
        open_source(f"{web.url}/drip-head", 0, None, rules, Line()),
    ):
        pass


@pytest.mark.parametrize("url", ["s3://films/a.mp4", "s3://films/deep/er/a.mp4"])
def test_objects_of_allowed_buckets_are_fetched(url: str) -> None:
    check_source(url, SourceRules(s3_buckets=("films",)))


@pytest.mark.parametrize(
    "url", ["s3://other/a.mp4", "s3://films", "s3://films/", "s3://films/a.mp4?versionId=1"]
)
def test_other_objects_are_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        check_source(url, SourceRules(s3_buckets=("films",)))


def test_secrets_are_read_as_they_are_shown() -> None:
    secret = bytes(range(24))

    assert parse_secret(shown(secret)) == secret


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", "AAAA" * 8, shown(bytes(65))])
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        parse_secret(text)


def test_an_independent_library_verifies_signatures() -> None:
    secret, body = bytes(range(32)), '{"name": "Füße.mp4"}'.encode()

    headers = signed_headers(secret, "0123", int(time.time()), body)

    assert Webhook(shown(secret)).verify(body, headers) == {"name": "Füße.mp4"}
