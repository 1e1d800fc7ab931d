"""Addresses that may be connected to, names that change their mind, secrets and signatures."""

from __future__ import annotations

import ipaddress
import socket
import time
from typing import Any

import pytest
from standardwebhooks import Webhook

from cluster.remote.addresses import AddressRules, resolve
from cluster.remote.errors import AddressRefusedError
from cluster.remote.source import SourceRules, check_source
from cluster.remote.webhook_signing import parse_secret, shown, signed_headers


def answering(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """The name server gives each answer once."""
    waiting = list(answers)

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port)) for found in waiting.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])

    target = resolve("https://films.example:8443/a.mp4?b=1", AddressRules())

    assert target.url == "https://93.184.215.14:8443/a.mp4?b=1"
    assert (target.host_header, target.extensions) == (
        "films.example:8443", {"sni_hostname": "films.example"},
    )  # fmt: skip
    with pytest.raises(AddressRefusedError):  # asked again, as every connection does
        resolve("https://films.example:8443/a.mp4", AddressRules())


def test_one_private_address_among_several_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["93.184.215.14", "10.0.0.1"])

    with pytest.raises(AddressRefusedError):
        resolve("http://films.example/", AddressRules())


def test_private_networks_are_allowed_where_the_operator_says_so() -> None:
    rules = AddressRules((ipaddress.ip_network("10.1.0.0/16"),))

    assert rules.allow(ipaddress.ip_address("10.1.2.3"))
    assert not rules.allow(ipaddress.ip_address("10.2.2.3"))


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
