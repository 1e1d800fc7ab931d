"""`scenestream keys …` and the key that the command line and the Python client send."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.client import API_KEY_VARIABLE, Client
from cluster.contract.protocol import API_PREFIX
from cluster.errors import UsageError
from tests.support.api import keyed as keyed_api
from tests.support.api.running import Api

api = keyed_api.api


class Operator:
    """Runs the command against one PostgreSQL."""

    def __init__(self, postgres_url: str) -> None:
        self.environment = {**os.environ, "SCENESTREAM_POSTGRES_URL": postgres_url}
        self.environment.pop(API_KEY_VARIABLE, None)

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from cluster.cli import main; main()", *words],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )


@pytest.fixture
def operator(postgres_url: str) -> Operator:
    return Operator(postgres_url)


def test_the_life_of_a_key(operator: Operator) -> None:
    exposed = {"SCENESTREAM_HTTP__HOST": "0.0.0.0"}
    too_early = operator.run("up", **exposed)
    made = operator.run("keys", "create", "anna", "--scope", "read", "--days", "30")
    token = made.stdout.strip()
    shown = "_".join(token.split("_")[:2])
    before = operator.run("keys", "list", "--json")
    revoked = operator.run("keys", "revoke", shown)
    after = operator.run("keys", "list")
    operator.run("keys", "rotate")
    audit = operator.run("audit", "--since", "1h", "--json")

    assert too_early.returncode == 1
    assert "scenestream keys create" in too_early.stderr
    assert made.stdout == f"{token}\n"
    assert shown in made.stderr
    assert token not in made.stderr
    (key,) = json.loads(before.stdout)
    assert (key["id"], key["owner"], key["scopes"], key["usable"]) == (shown, "anna", ["read"], True)
    assert token not in before.stdout
    assert revoked.stdout == f"{shown} is revoked.\n"
    assert "revoked" in after.stdout
    entries = [json.loads(line) for line in audit.stdout.splitlines()]
    assert [entry["act"] for entry in entries] == ["signing_secret_rotated", "key_revoked", "key_created"]
    assert {entry["actor"] for entry in entries} == {"this machine"}
    assert {entry["target"] for entry in entries} == {"", shown}
    assert token.split("_", 2)[2] not in audit.stdout


def test_wrong_usage_and_what_is_not_there(operator: Operator) -> None:
    assert operator.run("keys", "create", "cutting room").returncode == 2
    assert operator.run("keys", "revoke", "the key of anna").returncode == 2
    assert operator.run("keys", "revoke", "sk_000000000000").returncode == 1


@pytest.fixture
def key(api: Api) -> str:
    return api.services.jobs.api_keys.create("command line", "anna", ["read", "write"])[1]


def test_the_client_sends_its_key(
    api: Api, key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    url = api.url.removesuffix(API_PREFIX)
    monkeypatch.delenv(API_KEY_VARIABLE, raising=False)
    with Client(url) as stranger, pytest.raises(UsageError, match=API_KEY_VARIABLE) as refused:
        stranger.upload(film)
    with Client(url, api_key=key) as given:
        first = given.upload(film)
    monkeypatch.setenv(API_KEY_VARIABLE, key)
    with Client(url) as from_environment:
        seen = {video["id"] for video in from_environment.videos()}

    assert refused.value.code == "unauthorized"
    assert first in seen
    assert api.services.jobs.owner_of(first) == "anna"
