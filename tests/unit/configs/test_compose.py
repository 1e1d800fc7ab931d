"""Compose: real servers that are waited for, no password that was not chosen, settings that exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cluster.settings import CONFIG_DIR
from tests.support.configs import PASSWORD, load_compose, settings_of, tool

FILE = CONFIG_DIR / "compose.yaml"
STORES = {"postgres", "rabbitmq", "mongodb", "redis", "minio"}
NODES = {"ray-head", "ray-worker", "ray-worker-gpu"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = load_compose(FILE)["services"]
    return found


def test_all_stores_are_real_servers_that_the_head_waits_for(services: dict[str, dict[str, Any]]) -> None:
    assert {"postgres", "rabbitmq", "mongo", "redis", "minio/minio"} <= {
        services[name]["image"].partition(":")[0] for name in STORES
    }
    assert all("healthcheck" in services[name] for name in STORES)
    waited = services["ray-head"]["depends_on"]
    assert {name: waited[name]["condition"] for name in STORES} == dict.fromkeys(STORES, "service_healthy")


def test_what_is_kept_lies_in_volumes(services: dict[str, dict[str, Any]]) -> None:
    kept = {
        name: {mount["type"] for mount in services[name].get("volumes", [])} for name in STORES - {"redis"}
    }

    assert kept == {name: {"volume"} for name in STORES - {"redis"}}


def test_only_the_api_and_grafana_are_reached_from_outside(services: dict[str, dict[str, Any]]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}

    assert set(published) == {"ray-head", "grafana"}
    assert all(port["host_ip"] == "127.0.0.1" for ports in published.values() for port in ports)
    assert all(set(services[name]["networks"]) == {"inside"} for name in STORES)


def test_nodes_have_settings_that_exist_and_need_keys(services: dict[str, dict[str, Any]]) -> None:
    for name in NODES:
        environment = {**services[name]["environment"], "SCENESTREAM_HTTP__HOST": "0.0.0.0"}
        settings = settings_of(environment)
        assert settings.needs_key
        assert PASSWORD in settings.postgres_url
        assert settings.media_url.startswith("s3://")


def test_the_gpu_is_asked_for_only_where_it_is_wanted(services: dict[str, dict[str, Any]]) -> None:
    with_devices = {name for name, service in services.items() if "deploy" in service}

    assert with_devices == {"ray-worker-gpu"}
    assert services["ray-worker-gpu"]["profiles"] == ["gpu"]


def test_nodes_show_ray_a_token(services: dict[str, dict[str, Any]]) -> None:
    for name in NODES:
        environment = services[name]["environment"]
        assert (environment["RAY_AUTH_MODE"], environment["RAY_AUTH_TOKEN"]) == ("token", PASSWORD)


def test_without_passwords_it_does_not_start() -> None:
    with pytest.raises(AssertionError, match="POSTGRES_PASSWORD is missing a value"):
        tool("docker-compose", "-f", FILE, "--env-file", FILE.with_name("compose.env.example"), "config")


def test_what_compose_does_not_know_is_refused(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(FILE.read_text().replace("    healthcheck:", "    healthchecks:"))
    (tmp_path / "compose.env.example").write_bytes(FILE.with_name("compose.env.example").read_bytes())

    with pytest.raises(AssertionError, match="healthchecks"):
        load_compose(tmp_path / "compose.yaml")
